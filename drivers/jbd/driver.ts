import { z } from "zod";
import type { BatteryDriver, BatterySample } from "../driver.ts";
import { createLineDevice } from "../line-device.ts";
import type { DriverDeps } from "../line.ts";
import { baudRate, DevicePath } from "../options.ts";
import { JBD_FORMAT, JBD_REGISTER, jbdRead, readBasicInfo, type JbdBasicInfo } from "./codec.ts";

/** A JBD (Xiaoxiang) smart BMS. */
export const JbdOptions = z.strictObject({ driver: z.literal("jbd"), path: DevicePath, baudRate: baudRate(9600) });
export type JbdOptions = z.infer<typeof JbdOptions>;

/** The BMS wants to be asked no more than once a second; the first answers after it slept are often cut off. */
const POLL_MS = 1000;
const SILENT_MS = 5000;
const OK = 0;

/** The battery driver. It only ever reads. */
export function createJbd({ path, baudRate: rate }: JbdOptions, { clock, rng, lines }: DriverDeps): BatteryDriver {
  let newest: BatterySample | undefined;
  let info: JbdBasicInfo | undefined;
  const device = createLineDevice({
    name: "jbd",
    clock,
    rng,
    dial: lines.serial({ path, baudRate: rate }),
    format: () => JBD_FORMAT,
    silentMs: SILENT_MS,
    poll: { everyMs: POLL_MS, ask: (line) => line.write(jbdRead(JBD_REGISTER.basicInfo)) },
    onFrame(frame, atMs) {
      const isInfo = frame.type === "reply" && frame.register === JBD_REGISTER.basicInfo && frame.status === OK;
      info = (isInfo ? readBasicInfo(frame.data) : undefined) ?? info;
      if (isInfo && info) newest = { atMs, charge: info.charge, isCharging: info.currentA > 0 };
    },
    fault() {
      if (!info || info.protection === 0) return undefined;
      return { state: "degraded", reason: `jbd: protection has tripped (0x${info.protection.toString(16)})` };
    },
  });
  return { ...device, latest: () => newest };
}
