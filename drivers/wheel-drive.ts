import { type Cancel, type Clock, repeat } from "#lib/clock";
import type { Velocity } from "#lib/geometry";
import type { Metres, MetresPerSecond } from "#lib/units";
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

/** A speed is told again so often while it is valid: guard and motor controllers stop a base that hears nothing. */
const REFRESH_MS = 100;

/** Keeps a speed for as long as it is valid, then stops. Nothing is told again after a connection was lost. */
export function createWheelDrive({ clock, device, track, wheelSpeedMax, encode }: WheelDriveOptions): WheelDrive {
  let untilMs = -Infinity;
  let bytes = encode(0, 0);
  let stopRefreshing: Cancel | undefined;

  function halt(line: Line | undefined): void {
    stopRefreshing?.();
    stopRefreshing = undefined;
    bytes = encode(0, 0);
    line?.drive(bytes);
  }
  function refresh(): void {
    const line = device().line();
    if (!device().isEnabled() || clock.nowMs() >= untilMs) halt(line);
    else line?.drive(bytes);
  }
  return {
    drive({ linear, angular }, validForMs) {
      if (!device().isEnabled() || !Number.isFinite(linear) || !Number.isFinite(angular)) return;
      const [left, right] = [linear - (angular * track) / 2, linear + (angular * track) / 2];
      const slowing = Math.min(1, wheelSpeedMax / Math.max(Math.abs(left), Math.abs(right), wheelSpeedMax));
      bytes = encode(left * slowing, right * slowing);
      untilMs = clock.nowMs() + validForMs;
      device().line()?.drive(bytes);
      stopRefreshing?.();
      const ending = clock.after(validForMs, refresh);
      const refreshing = repeat(clock, REFRESH_MS, refresh);
      stopRefreshing = () => {
        ending();
        refreshing();
      };
    },
    halt,
  };
}
