import { z } from "zod";
import type { LidarDriver, Scan } from "../driver.ts";
import { createLineDevice, type LineDevice } from "../line-device.ts";
import type { DriverDeps, Line } from "../line.ts";
import { baudRate, DevicePath, Mount, mountPose } from "../options.ts";
import { createSweep } from "../sweep.ts";
import { capsulePoints, type Capsule } from "./capsule.ts";
import { createRplidarFormat, RPLIDAR_ANSWER, RPLIDAR_COMMAND, rplidarRequest, type RplidarFrame } from "./codec.ts";

/** A SLAMTEC RPLIDAR: A1 and A2M8 at 115200 Bd, A2M12, A3 and S1 at 256000, C1 at 460800, S2 at 1000000. */
export const RplidarOptions = z.strictObject({
  driver: z.literal("rplidar"),
  path: DevicePath,
  baudRate: baudRate(115_200),
  mount: Mount,
  scan: z
    .enum(["standard", "express"])
    .default("express")
    .meta({ description: "express gives more points over the same line" }),
  rays: z.int().min(90).max(4000).default(720).meta({ description: "rays of a scan" }),
  rangeMax: z.number().positive().max(100).default(12).meta({ unit: "m", description: "of the model" }),
});
export type RplidarOptions = z.infer<typeof RplidarOptions>;

const RANGE_MIN = 0.05;
/** A motor needs some turns to come up to its speed. */
const SILENT_MS = 2500;
/** After STOP the lidar needs 10 ms, and what it still sent is to be thrown away. */
const SETTLE_MS = 50;
const HEALTH_ERROR = 2;
const EXPRESS_PAYLOAD = [0, 0, 0, 0, 0];

/** The lidar driver. It refuses to scan while the lidar reports an error, and resets it once. */
export function createRplidar(options: RplidarOptions, { clock, rng, lines }: DriverDeps): LidarDriver {
  const { path, rays, rangeMax } = options;
  let newest: Scan | undefined;
  let before: Capsule | undefined;
  let lastDeg = 0;
  let isBroken = false;
  const sweep = createSweep({ rays, rangeMin: RANGE_MIN, rangeMax, onScan: (scan) => (newest = scan) });

  function startScan(line: Line): void {
    const isExpress = options.scan === "express";
    line.write(
      isExpress ? rplidarRequest(RPLIDAR_COMMAND.expressScan, EXPRESS_PAYLOAD) : rplidarRequest(RPLIDAR_COMMAND.scan),
    );
  }
  function point(angleDeg: number, distanceMm: number, atMs: number): void {
    if (angleDeg < lastDeg - 180) sweep.turn(atMs);
    lastDeg = angleDeg;
    const range = distanceMm === 0 ? Infinity : distanceMm / 1000;
    sweep.add([{ bearing: (-angleDeg * Math.PI) / 180, range }], atMs);
  }
  function take(frame: RplidarFrame, atMs: number): void {
    switch (frame.type) {
      case "descriptor":
        return;
      case "answer":
        return takeHealth(frame.answer, frame.data[0]);
      case "node":
        return point(frame.node.angleDeg, frame.node.distanceMm, atMs);
      case "capsule":
        if (before && !frame.capsule.isFirst) {
          for (const { angleDeg, distanceMm } of capsulePoints(before, frame.capsule))
            point(angleDeg, distanceMm, atMs);
        }
        before = frame.capsule;
    }
  }
  function takeHealth(answer: number, status: number | undefined): void {
    const line = device.line();
    if (answer !== RPLIDAR_ANSWER.health || !line) return;
    isBroken = status === HEALTH_ERROR;
    if (isBroken) line.write(rplidarRequest(RPLIDAR_COMMAND.reset));
    else startScan(line);
  }
  const device: LineDevice = createLineDevice({
    name: "rplidar",
    clock,
    rng,
    dial: lines.serial({ path, baudRate: options.baudRate }),
    format: createRplidarFormat,
    silentMs: SILENT_MS,
    greet(line) {
      line.write(rplidarRequest(RPLIDAR_COMMAND.stop));
      clock.after(SETTLE_MS, () => line.write(rplidarRequest(RPLIDAR_COMMAND.getHealth)));
    },
    onFrame: take,
    onLost() {
      sweep.clear();
      before = undefined;
    },
    fault: () => (isBroken ? { state: "down", reason: "rplidar: it reports an error of its hardware" } : undefined),
  });
  return { ...device, mount: mountPose(options.mount), latest: () => newest };
}
