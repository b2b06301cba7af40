import { z } from "zod";
import type { Pose } from "#lib/geometry";

/** A device file that stays the same when the device is plugged in elsewhere, such as `/dev/serial/by-id/…`. */
export const DevicePath = z
  .string()
  .min(1)
  .max(500)
  .meta({ description: "device file; a name below /dev/serial/by-id finds the device wherever it is plugged in" });

/** The speed of a serial line, with the one that the device usually has. */
export function baudRate(usual: number): z.ZodDefault<z.ZodInt> {
  return z.int().min(300).max(4_000_000).default(usual).meta({ unit: "Bd", description: "speed of the serial line" });
}

/** Where a sensor sits on the robot. */
export const Mount = z
  .tuple([z.number().min(-10).max(10), z.number().min(-10).max(10), z.number().min(-Math.PI).max(Math.PI)])
  .default([0, 0, 0])
  .meta({ unit: "m, m, rad", description: "x, y, yaw of the sensor in the frame of the base" });

/** A length of the robot's body. */
export function length(description: string): z.ZodNumber {
  return z.number().positive().max(10).meta({ unit: "m", description });
}

/** The pose that a mount tells. */
export function mountPose([x, y, yaw]: readonly [number, number, number]): Pose {
  return { x, y, yaw };
}
