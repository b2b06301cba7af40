import { z } from "zod";
import type { LidarDriver, Scan } from "../driver.ts";
import { createLineDevice, type LineDevice } from "../line-device.ts";
import type { DriverDeps } from "../line.ts";
import { Mount, mountPose } from "../options.ts";
import { COLA_FORMAT, encodeTelegram, type Telegram } from "./codec.ts";
import { readScanData, type ScanData } from "./scan-data.ts";

/** A SICK TiM5xx, TiM7xx or LMS1xx that speaks CoLa A over TCP. */
export const SickTimOptions = z.strictObject({
  driver: z.literal("sick-tim"),
  host: z.string().min(1).max(253).meta({ description: "name or address of the lidar" }),
  port: z.int().min(1).max(65_535).default(2111).meta({ description: "port for CoLa A" }),
  mount: Mount,
  rangeMax: z.number().positive().max(100).default(10).meta({ unit: "m", description: "of the model" }),
});
export type SickTimOptions = z.infer<typeof SickTimOptions>;

/** Scans come at 15 Hz. */
const SILENT_MS = 500;
/** SICK counts from the right-hand side: 90 degrees is straight ahead. */
const AHEAD_DEG = 90;
/** A TiM puts error codes where a distance would be below this. */
const ERROR_CODES_BELOW = 16;
const SUBSCRIBE: Telegram = { type: "sEN", name: "LMDscandata", args: ["1"] };

/** The lidar driver: subscribes to scans. */
export function createSickTim(options: SickTimOptions, { clock, rng, lines }: DriverDeps): LidarDriver {
  let newest: Scan | undefined;
  const device: LineDevice = createLineDevice({
    name: "sick-tim",
    clock,
    rng,
    dial: lines.tcp(options.host, options.port),
    format: () => COLA_FORMAT,
    silentMs: SILENT_MS,
    greet: (line) => line.write(encodeTelegram(SUBSCRIBE)),
    onFrame(telegram, atMs) {
      if (telegram.name !== "LMDscandata" || telegram.type === "sEA") return;
      const data = readScanData(telegram);
      const scan = data && scanOf(data, options.rangeMax, atMs);
      if (scan) newest = scan;
      else device.countError();
    },
  });
  return { ...device, mount: mountPose(options.mount), latest: () => newest };
}

/** The first echo; undefined where the lidar is told to send none. */
function scanOf({ channels16, scanHz }: ScanData, rangeMax: number, atMs: number): Scan | undefined {
  const channel = channels16.find(({ name }) => name === "DIST1");
  if (!channel || channel.values.length === 0 || channel.stepDeg <= 0) return undefined;
  const { scale, offset, startDeg, stepDeg, values } = channel;
  const ranges = Float32Array.from(values, (value) => {
    if (value === 0) return Infinity;
    if (value < ERROR_CODES_BELOW) return NaN;
    const range = (value * scale + offset) / 1000;
    return range >= rangeMax ? Infinity : range;
  });
  const toRadians = Math.PI / 180;
  const sweptMs = (1000 / Math.max(scanHz, 1)) * ((stepDeg * values.length) / 360);
  return {
    atMs: atMs - sweptMs / 2,
    angleMin: (startDeg - AHEAD_DEG) * toRadians,
    angleStep: stepDeg * toRadians,
    rangeMax,
    ranges,
  };
}
