import { z } from "zod";
import type { ImuDriver, ImuSample } from "../driver.ts";
import { createLineDevice } from "../line-device.ts";
import type { DriverDeps } from "../line.ts";
import { baudRate, DevicePath } from "../options.ts";
import { RVC_FORMAT } from "./codec.ts";

/** A CEVA (Hillcrest) BNO080, BNO085 or BNO086 in the mode UART-RVC. */
export const Bno08xOptions = z.strictObject({
  driver: z.literal("bno08x"),
  path: DevicePath,
  baudRate: baudRate(115_200),
});
export type Bno08xOptions = z.infer<typeof Bno08xOptions>;

/** Reports come at 100 Hz. */
const SILENT_MS = 200;
const RADIANS_PER_DEGREE = Math.PI / 180;
const STANDARD_GRAVITY = 9.806_65;

/** The driver of the IMU. */
export function createBno08x(options: Bno08xOptions, { clock, rng, lines }: DriverDeps): ImuDriver {
  let newest: ImuSample | undefined;
  const device = createLineDevice({
    name: "bno08x",
    clock,
    rng,
    dial: lines.serial({ path: options.path, baudRate: options.baudRate }),
    format: () => RVC_FORMAT,
    silentMs: SILENT_MS,
    onFrame({ yawDeg, pitchDeg, rollDeg, accelerationMg: [x, y, z] }, atMs) {
      const toSi = STANDARD_GRAVITY / 1000;
      newest = {
        atMs,
        yaw: yawDeg * RADIANS_PER_DEGREE,
        pitch: pitchDeg * RADIANS_PER_DEGREE,
        roll: rollDeg * RADIANS_PER_DEGREE,
        acceleration: [x * toSi, y * toSi, z * toSi],
      };
    },
  });
  return { ...device, latest: () => newest };
}
