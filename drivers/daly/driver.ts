import { z } from "zod";
import type { BatteryDriver, BatterySample } from "../driver.ts";
import { createLineDevice } from "../line-device.ts";
import type { DriverDeps } from "../line.ts";
import { baudRate, DevicePath } from "../options.ts";
import { DALY_COMMAND, DALY_FORMAT, dalyRequest, readDaly } from "./codec.ts";

/** A Daly BMS on its UART or RS-485 port. */
export const DalyOptions = z.strictObject({
  driver: z.literal("daly"),
  path: DevicePath,
  baudRate: baudRate(9600),
  currentSign: z.enum(["charge", "discharge"]).default("charge").meta({
    description: "what a positive current means to the firmware",
  }),
});
export type DalyOptions = z.infer<typeof DalyOptions>;

const POLL_MS = 1000;
const SILENT_MS = 5000;

/** The battery driver. */
export function createDaly(options: DalyOptions, { clock, rng, lines }: DriverDeps): BatteryDriver {
  const sign = options.currentSign === "charge" ? 1 : -1;
  let newest: BatterySample | undefined;
  const device = createLineDevice({
    name: "daly",
    clock,
    rng,
    dial: lines.serial({ path: options.path, baudRate: options.baudRate }),
    format: () => DALY_FORMAT,
    silentMs: SILENT_MS,
    poll: { everyMs: POLL_MS, ask: (line) => line.write(dalyRequest(DALY_COMMAND.status)) },
    onFrame(frame, atMs) {
      const reply = readDaly(frame);
      if (reply?.type !== "status") return;
      newest = { atMs, charge: Math.min(1, reply.charge), isCharging: sign * reply.currentA > 0 };
    },
  });
  return { ...device, latest: () => newest };
}
