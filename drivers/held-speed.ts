import { type Cancel, type Clock, repeat } from "#lib/clock";
import type { Line } from "./line.ts";
import type { LineDevice } from "./line-device.ts";

/** The speed that a base is told, kept for as long as it is valid. */
export interface HeldSpeed {
  /** Tells the base this command, again and again while it is valid; ignored unless the device is enabled. */
  hold(command: Uint8Array, validForMs: number): void;
  /** Stands still and forgets what was wanted. */
  halt(line: Line | undefined): void;
}

/** A speed is told again so often while it is valid: guard and motor controllers stop a base that hears nothing. */
const REFRESH_MS = 100;

/** Keeps a speed for as long as it is valid, then sends `stop`. Nothing is told again after a connection was lost. */
export function createHeldSpeed(clock: Clock, device: () => LineDevice, stop: Uint8Array): HeldSpeed {
  let untilMs = -Infinity;
  let held = stop;
  let stopRefreshing: Cancel | undefined;

  function halt(line: Line | undefined): void {
    stopRefreshing?.();
    stopRefreshing = undefined;
    held = stop;
    line?.drive(stop);
  }
  function refresh(): void {
    const line = device().line();
    if (!device().isEnabled() || clock.nowMs() >= untilMs) halt(line);
    else line?.drive(held);
  }
  return {
    hold(command, validForMs) {
      if (!device().isEnabled()) return;
      held = command;
      untilMs = clock.nowMs() + validForMs;
      device().line()?.drive(held);
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
