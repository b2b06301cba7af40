import { z } from "zod";
import type { LidarDriver, Scan } from "../driver.ts";
import { createLineDevice } from "../line-device.ts";
import type { DriverDeps } from "../line.ts";
import { baudRate, DevicePath, Mount, mountPose } from "../options.ts";
import { createSweep } from "../sweep.ts";
import { LD19_FORMAT, type Ld19Packet } from "./codec.ts";

/** An LDROBOT LD06, LD19, STL-19P or D500. */
export const Ld19Options = z.strictObject({
  driver: z.literal("ld19"),
  path: DevicePath,
  baudRate: baudRate(230_400),
  mount: Mount,
  rays: z.int().min(90).max(2000).default(450).meta({ description: "rays of a scan; a turn has about 450 points" }),
  minConfidence: z.int().min(0).max(255).default(15).meta({ description: "points with less are taken for noise" }),
});
export type Ld19Options = z.infer<typeof Ld19Options>;

/** From the data sheet. */
const [RANGE_MIN, RANGE_MAX] = [0.02, 12];
/** Two turns and a half. */
const SILENT_MS = 250;

/** The lidar driver. The lidar turns while it has power: there is nothing to enable. */
export function createLd19(options: Ld19Options, { clock, rng, lines }: DriverDeps): LidarDriver {
  const { path, minConfidence, rays } = options;
  let newest: Scan | undefined;
  let lastDeg = 0;
  const sweep = createSweep({ rays, rangeMin: RANGE_MIN, rangeMax: RANGE_MAX, onScan: (scan) => (newest = scan) });

  function take({ points }: Ld19Packet, atMs: number): void {
    for (const { angleDeg, distanceMm, confidence } of points) {
      if (angleDeg < lastDeg - 180) sweep.turn(atMs);
      lastDeg = angleDeg;
      // A distance of 0 means that nothing came back, however confident the lidar is.
      const isNothing = distanceMm === 0;
      if (!isNothing && confidence < minConfidence) continue;
      sweep.add([{ bearing: (-angleDeg * Math.PI) / 180, range: isNothing ? Infinity : distanceMm / 1000 }], atMs);
    }
  }
  const device = createLineDevice({
    name: "ld19",
    clock,
    rng,
    dial: lines.serial({ path, baudRate: options.baudRate }),
    format: () => LD19_FORMAT,
    silentMs: SILENT_MS,
    onFrame: take,
    onLost: () => sweep.clear(),
  });
  return { ...device, mount: mountPose(options.mount), latest: () => newest };
}
