import { z } from "zod";
import type { Fix, PositionSource } from "../driver.ts";
import { createLineDevice, type LineDevice } from "../line-device.ts";
import type { DriverDeps } from "../line.ts";
import { baudRate, DevicePath } from "../options.ts";
import { LINE_FORMAT } from "../scanner/codec.ts";

/** A localiser that prints where the robot is: `POSE x y yaw sigmaXy sigmaYaw`, in metres and radians, a line each time. */
export const PoseLineOptions = z.strictObject({
  driver: z.literal("pose-line"),
  path: DevicePath,
  baudRate: baudRate(115_200),
  delayMs: z.number().min(0).max(1000).default(0).meta({ unit: "ms", description: "from measuring to printing" }),
});
export type PoseLineOptions = z.infer<typeof PoseLineOptions>;

const SILENT_MS = 2000;

/** The driver: supervised by the device behind the line, it only has to say what a line means. */
export function createPoseLine(options: PoseLineOptions, { clock, rng, lines }: DriverDeps): PositionSource {
  let newest: Fix | undefined;
  const device: LineDevice = createLineDevice({
    name: "pose-line",
    clock,
    rng,
    dial: lines.serial({ path: options.path, baudRate: options.baudRate }),
    format: () => LINE_FORMAT,
    silentMs: SILENT_MS,
    onFrame(line, atMs) {
      const fix = readPose(line, atMs - options.delayMs);
      if (fix) newest = fix;
      else device.countError();
    },
  });
  return { ...device, latest: () => newest };
}

/** The fix in a line; undefined for anything else. */
function readPose(line: string, atMs: number): Fix | undefined {
  const [keyword, ...words] = line.trim().split(/\s+/);
  const numbers = words.map(Number);
  if (keyword !== "POSE" || numbers.length !== 5 || !numbers.every(Number.isFinite)) return undefined;
  const [x, y, yaw, sigmaXy, sigmaYaw] = numbers as [number, number, number, number, number];
  return sigmaXy > 0 && sigmaYaw > 0 ? { atMs, pose: { x, y, yaw }, sigmaXy, sigmaYaw } : undefined;
}
