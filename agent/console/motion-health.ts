import type { Health } from "#drivers/driver";
import type { MotionReport } from "../control/control.ts";
import { motionFaults } from "../core/faults.ts";

const PARTS = ["control", "base", "lidar", "position"] as const;

/** The health of what the motion loop owns, as far as its reports tell: it has no line of its own to this thread. */
export function motionHealth(report: MotionReport | undefined, nowMs: number): Readonly<Record<string, Health>> {
  const faults = motionFaults(report, nowMs);
  const isSilent = faults.some(({ part }) => part === "control");
  return Object.fromEntries(
    PARTS.map((part): [string, Health] => {
      const fault = faults.find((found) => found.part === part || isSilent);
      const last = report && { lastSampleMs: report.atMs };
      if (!fault) return [part, { state: "ok", errors: 0, ...last }];
      const state = fault.effect === "limit" ? "degraded" : "down";
      return [part, { state, reason: fault.reason, errors: 0, ...last }];
    }),
  );
}
