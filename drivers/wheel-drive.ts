import type { Clock } from "#lib/clock";
import type { Velocity } from "#lib/geometry";
import type { Metres, MetresPerSecond } from "#lib/units";
import { createHeldSpeed } from "./held-speed.ts";
import type { Line } from "./line.ts";
import type { LineDevice } from "./line-device.ts";

export interface WheelDriveOptions {
  readonly clock: Clock;
  readonly device: () => LineDevice;
  readonly track: Metres;
  /** Speed of a wheel that the base can't exceed; both wheels are slowed alike. */
  readonly wheelSpeedMax: MetresPerSecond;
  /** The commands that turn the wheels so. */
  readonly encode: (left: MetresPerSecond, right: MetresPerSecond) => Uint8Array;
}

/** The part of a base driver that commands two wheels. */
export interface WheelDrive {
  drive(velocity: Velocity, validForMs: number): void;
  /** Stands still and forgets what was wanted. */
  halt(line: Line | undefined): void;
}

/** Keeps a speed for as long as it is valid, then stops. Nothing is told again after a connection was lost. */
export function createWheelDrive({ clock, device, track, wheelSpeedMax, encode }: WheelDriveOptions): WheelDrive {
  const speed = createHeldSpeed(clock, device, encode(0, 0));
  return {
    drive({ linear, angular }, validForMs) {
      if (!Number.isFinite(linear) || !Number.isFinite(angular)) return;
      const [left, right] = [linear - (angular * track) / 2, linear + (angular * track) / 2];
      const slowing = Math.min(1, wheelSpeedMax / Math.max(Math.abs(left), Math.abs(right), wheelSpeedMax));
      speed.hold(encode(left * slowing, right * slowing), validForMs);
    },
    halt: (line) => speed.halt(line),
  };
}
