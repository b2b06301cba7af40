import type { Event } from "#contract/event";

/** How much somebody who looks at the robot cares. */
export const LEVELS = ["info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];

const WARN: ReadonlySet<string> = new Set([
  "contract.held",
  "contract.rejected",
  "contract.cancelled",
  "contract.revoked",
  "contract.released",
  "contract.expired",
  "stage.failed",
  "assumption.drifted",
  "constraint.violated",
  "command.refused",
  "replan.refused",
]);
const ERROR: ReadonlySet<string> = new Set(["contract.failed", "contract.aborted", "exception"]);

/** Changes of health count by what they changed to. */
export function importanceOf({ type, data }: Event): Level {
  if (ERROR.has(type)) return "error";
  if (WARN.has(type)) return "warn";
  if (type === "safety.changed") return data["mode"] === "normal" ? "info" : "warn";
  if (type === "driver.changed") return data["state"] === "ok" ? "info" : "warn";
  return type === "link.changed" && data["state"] === "offline" ? "warn" : "info";
}
