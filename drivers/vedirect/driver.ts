import { z } from "zod";
import type { BatteryDriver, BatterySample } from "../driver.ts";
import { createLineDevice } from "../line-device.ts";
import type { DriverDeps } from "../line.ts";
import { baudRate, DevicePath } from "../options.ts";
import { VEDIRECT_FORMAT } from "./codec.ts";

/** A Victron BMV or SmartShunt on its VE.Direct port. */
export const VeDirectOptions = z.strictObject({
  driver: z.literal("vedirect"),
  path: DevicePath,
  baudRate: baudRate(19_200),
});
export type VeDirectOptions = z.infer<typeof VeDirectOptions>;

/** Blocks come once a second. */
const SILENT_MS = 4000;

/** The battery driver. A shunt that was never synchronised with a full battery knows no charge, and gives no sample. */
export function createVeDirect(options: VeDirectOptions, { clock, rng, lines }: DriverDeps): BatteryDriver {
  let newest: BatterySample | undefined;
  let currentMa = 0;
  const device = createLineDevice({
    name: "vedirect",
    clock,
    rng,
    dial: lines.serial({ path: options.path, baudRate: options.baudRate }),
    format: () => VEDIRECT_FORMAT,
    silentMs: SILENT_MS,
    onFrame(frame, atMs) {
      if (frame.type !== "text") return;
      currentMa = numberIn(frame.fields, "I") ?? currentMa;
      const permille = numberIn(frame.fields, "SOC");
      if (permille !== undefined) newest = { atMs, charge: clamp(permille / 1000), isCharging: currentMa > 0 };
    },
  });
  return { ...device, latest: () => newest };
}

function numberIn(fields: ReadonlyMap<string, string>, label: string): number | undefined {
  const text = fields.get(label) ?? "";
  return /^-?\d+$/.test(text) ? Number(text) : undefined;
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}
