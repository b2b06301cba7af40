import type { Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import type { MotionDrivers } from "#drivers/driver";
import { createMapSource, type MapSource } from "#edge-planner/map-cache";
import type { Control, MotionProfile, MotionReport } from "./control.ts";
import { startMotionLoop, type TickWatcher } from "./motion-loop.ts";

export interface InlineControlOptions {
  readonly clock: Clock;
  readonly profile: MotionProfile;
  /** Opened and enabled by the loop; disposed of by whoever made them. */
  readonly drivers: MotionDrivers;
  readonly log: Log;
  /** Shared by the robots of one simulation, so that each place is prepared once. */
  readonly maps?: MapSource;
  readonly onTick?: TickWatcher | undefined;
}

/** The motion loop on the caller's own thread and clock, for simulations; a device runs it in a worker. */
export async function startInlineControl(options: InlineControlOptions): Promise<Control> {
  const { clock, profile, drivers, maps = createMapSource(), onTick } = options;
  const log = options.log.child({ module: "control" });
  let newest: MotionReport | undefined;
  const loop = await startMotionLoop({
    clock,
    profile,
    drivers,
    maps,
    onReport: (report) => {
      newest = report;
    },
    onTick,
  });
  log.info({ controlHz: profile.controlHz }, "motion loop started");
  return {
    setWorld: (world) => loop.setWorld(world),
    setGoal: (goal) => loop.setGoal(goal),
    stop: () => loop.stop(),
    report: () => newest,
    async [Symbol.asyncDispose]() {
      await loop[Symbol.asyncDispose]();
      log.info({}, "motion loop ended");
    },
  };
}
