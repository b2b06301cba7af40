import { type Clock, repeat } from "#lib/clock";
import type { Velocity } from "#lib/geometry";
import type { MotionDrivers, Pilot } from "#drivers/driver";
import { STANDSTILL } from "#edge-planner/kinematics";
import type { RoutePlanner } from "#edge-planner/global/route-planner";
import type { MapSource } from "#edge-planner/map-cache";
import type { ControlWorld, Goal, MotionProfile, MotionReport } from "./control.ts";
import { type ControlState, createControlState, stepControl, takeWorld, type TickInputs } from "./step-control.ts";

export interface MotionLoopDeps {
  readonly clock: Clock;
  readonly profile: MotionProfile;
  /** Opened and enabled by the loop; the caller disposes of them afterwards. */
  readonly drivers: MotionDrivers;
  readonly maps: MapSource;
  /** Finds the ways; unless given, the loop plans them itself, within a tick. */
  readonly planner?: RoutePlanner;
  /** Called after each tick. */
  readonly onReport: (report: MotionReport) => void;
  /** Looks over the loop's shoulder after each tick; must change nothing. */
  readonly onTick?: TickWatcher | undefined;
}

/** Sees what a tick was decided from, what the loop remembers, and what it says; valid during the call only. */
export type TickWatcher = (state: ControlState, inputs: TickInputs, report: MotionReport) => void;

/** The running loop: what `Control` asks, without the question where it runs. */
export interface MotionLoop extends AsyncDisposable {
  setWorld(world: ControlWorld): void;
  setGoal(goal: Goal): void;
  stop(): void;
}

/** A command outlives so many missed ticks before the base stops by itself, and never more than the time. */
const COMMAND_TICKS = 4;
const COMMAND_MS_MAX = 200;

/**
 * Opens and enables the drivers and steps until disposed. Only what the gate let through is sent to the base, and
 * whichever way the loop ends, the last thing sent is zero.
 */
export async function startMotionLoop(deps: MotionLoopDeps): Promise<MotionLoop> {
  const { clock, profile, drivers, maps, onReport, onTick } = deps;
  const { base, lidar, position, pilot } = drivers;
  const periodMs = 1000 / profile.controlHz;
  const commandMs = Math.min(COMMAND_TICKS * periodMs, COMMAND_MS_MAX);
  const state = createControlState(profile, deps.planner);
  let goal: Goal | undefined;

  function tick(latenessMs: number): void {
    try {
      const inputs = {
        odometry: base.latest(),
        // The scan of a lidar that is gone is not waited for until it is stale.
        scan: lidar.health().state === "down" ? undefined : lidar.latest(),
        fix: position.latest(),
        mount: lidar.mount,
        power: base.health().state === "down" ? ("disabled" as const) : ("enabled" as const),
        goal,
        pilot: pilot?.state(),
        latenessMs,
      };
      const { command, report } = stepControl(state, inputs, clock.nowMs());
      tell(command);
      if (pilot) steer(pilot, goal, report);
      const told = { ...report, ...downOf(drivers) };
      onReport(told);
      onTick?.(state, inputs, told);
    } catch (thrown) {
      cancel();
      brake();
      throw thrown;
    }
  }
  /** A base that another navigation commands hears nothing from us. */
  function tell(velocity: Velocity): void {
    if (pilot?.gate !== "external") base.drive(velocity, commandMs);
  }
  function brake(): void {
    tell(STANDSTILL);
    pilot?.cancel();
  }

  // The motors last: when a sensor refuses, they have never been on.
  const inOrder = [lidar, position, ...(pilot ? [pilot] : []), base];
  for (const driver of inOrder) await driver.open();
  for (const driver of inOrder) await driver.enable();
  const cancel = repeat(clock, periodMs, tick);
  return {
    setWorld(world) {
      brake();
      takeWorld(state, world, maps);
    },
    setGoal(next) {
      goal = next;
    },
    stop() {
      goal = undefined;
      brake();
    },
    async [Symbol.asyncDispose]() {
      cancel();
      brake();
      for (const driver of inOrder.toReversed()) await driver.disable();
    },
  };
}

/** Why devices are down, as reports say it. */
function downOf(drivers: MotionDrivers): Pick<MotionReport, "down"> {
  const reasons = (["base", "lidar", "position", "pilot"] as const).flatMap((part) => {
    const { state, reason } = drivers[part]?.health() ?? { state: "ok" };
    return state === "down" ? [[part, reason ?? `the ${part} is down`] as const] : [];
  });
  return reasons.length === 0 ? {} : { down: Object.fromEntries(reasons) };
}

/** Keeps another navigation at the goal that is wanted, and only while our own senses are well. */
function steer(pilot: Pilot, goal: Goal | undefined, { atMs, isLocalised, pose, blind }: MotionReport): void {
  const isWanted = goal !== undefined && goal.validUntilMs > atMs && isLocalised && !blind;
  if (isWanted) pilot.goTo({ goalId: goal.goalId, pose: goal.pose });
  else pilot.cancel(isLocalised ? pose : undefined);
}
