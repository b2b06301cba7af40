import type { Clock } from "#lib/clock";
import type { BatteryDriver, Health, ToolDrivers } from "#drivers/driver";
import type { Control } from "../control/control.ts";

/** Devices that are never opened: what an agent in safe mode works with. */
export interface ParkedDevice {
  readonly control: Control;
  readonly tools: ToolDrivers;
}

/** A robot that does not move and a battery that is not asked, both saying why. */
export function parkedDevice(clock: Clock, crashes: number): ParkedDevice {
  const reason = `safe mode after ${crashes} starts that ended badly: no motion until somebody has looked`;
  const ignored = (): void => undefined;
  const control: Control = {
    setWorld: ignored,
    setGoal: ignored,
    stop: ignored,
    report: () => ({
      atMs: clock.nowMs(),
      pose: { x: 0, y: 0, yaw: 0 },
      sigmaXy: 0,
      isLocalised: false,
      velocity: { linear: 0, angular: 0 },
      drive: { state: "idle" },
      gate: { action: "stop", reason: "odometry_stale" },
      blind: "odometry_stale",
      down: { base: reason },
      driven: 0,
      route: [],
      zones: [],
      counters: { ticks: 0, gateStops: 0, latenessMsMax: 0, latenessMsP99: 0 },
    }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  return { control, tools: { battery: parkedBattery(reason) } };
}

function parkedBattery(reason: string): BatteryDriver {
  const nothing = async (): Promise<void> => undefined;
  const health = (): Health => ({ state: "down", reason, errors: 0 });
  return {
    name: "battery",
    open: nothing,
    enable: nothing,
    disable: nothing,
    health,
    latest: () => undefined,
    [Symbol.asyncDispose]: nothing,
  };
}
