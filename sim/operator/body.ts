import { startInlineControl } from "#agent/control/inline-control";
import type { Control, ControlWorld } from "#agent/control/control";
import { motionProfileOf, type DeviceProfile } from "#agent/profile";
import type { LoadHandler } from "#drivers/driver";
import type { DeviceChannel } from "#drivers/simulated/channel";
import { simulatedMotionDrivers } from "#drivers/simulated/motion-drivers";
import { simulatedToolDrivers } from "#drivers/simulated/tool-drivers";
import type { MapSource } from "#edge-planner/map-cache";
import { sleep, type Clock } from "#lib/clock";
import { AgentError, assert } from "#lib/errors";
import type { Pose } from "#lib/geometry";
import type { Log } from "#lib/log";

/** Legs, eyes and hands of a person in the 2D world. */
export interface Body extends AsyncDisposable {
  /** Walks there, around what stands in the way; false when there is no way. */
  walk(to: Pose): Promise<boolean>;
  /** Takes goods from the place that the person stands at, or says why not. */
  take(goods: { readonly sku: string; readonly quantity: number; readonly from: string }): Promise<string | undefined>;
  /** Puts down what is held, or says why not. */
  put(to: string): Promise<string | undefined>;
}

export interface BodyDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly profile: DeviceProfile;
  /** For legs and eyes, and for the hands. */
  readonly channels: readonly [DeviceChannel, DeviceChannel];
  readonly maps: MapSource;
  /** What the person knows of the place. */
  readonly world: ControlWorld;
}

/** A step further is another goal for the legs; without one they stand. */
const REFRESH_MS = 200;
const GOAL_VALID_MS = 1000;
const TOLERANCE = 0.25;
/** A person who finds no way looks for so long. */
const PATIENCE_MS = 30_000;

/** A person in the world, standing: the same motion loop as a robot's, with the person's profile. */
export async function startBody({ clock, log, profile, channels, maps, world }: BodyDeps): Promise<Body> {
  const drivers = simulatedMotionDrivers(channels[0], clock);
  const control = await startInlineControl({ clock, profile: motionProfileOf(profile), drivers, log, maps });
  control.setWorld(world);
  const { load } = simulatedToolDrivers(channels[1], clock);
  assert(load, "a person has hands: the profile's tools name load");
  await load.open();
  await load.enable();
  let count = 0;
  return {
    walk: (to) => walk(control, clock, `walk-${++count}`, to, profile.limits.maxSpeed),
    take: (goods) => handle(load, (hand) => hand.pick({ key: `take-${++count}`, ...goods })),
    put: (to) => handle(load, (hand) => hand.place({ key: `put-${++count}`, to })),
    async [Symbol.asyncDispose]() {
      await control[Symbol.asyncDispose]();
      for (const channel of channels) channel.close();
    },
  };
}

async function walk(control: Control, clock: Clock, goalId: string, pose: Pose, maxSpeed: number): Promise<boolean> {
  for (let lostMs = 0; lostMs < PATIENCE_MS;) {
    control.setGoal({ goalId, pose, tolerance: TOLERANCE, maxSpeed, validUntilMs: clock.nowMs() + GOAL_VALID_MS });
    await sleep(clock, REFRESH_MS);
    const drive = control.report()?.drive;
    if (!drive || drive.state === "idle" || drive.goalId !== goalId) continue;
    if (drive.state === "arrived") {
      control.stop();
      return true;
    }
    lostMs = drive.state === "driving" ? 0 : lostMs + REFRESH_MS;
  }
  control.stop();
  return false;
}

async function handle(load: LoadHandler, act: (load: LoadHandler) => Promise<unknown>): Promise<string | undefined> {
  try {
    await act(load);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof AgentError) || !thrown.code.startsWith("driver.")) throw thrown;
    return thrown.message;
  }
}
