import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { LoadHandler, ToolDrivers } from "#drivers/driver";
import type { Control, MotionReport } from "../control/control.ts";
import type { LinkStatus } from "../core/ports.ts";
import type { RobotView } from "../core/situation.ts";
import type { ResourceMonitor } from "./resource-monitor.ts";
import type { DriverWatch } from "./driver-watch.ts";

export interface SensesDeps {
  readonly clock: Clock;
  readonly control: Control;
  readonly drivers: ToolDrivers;
  readonly watch: Pick<DriverWatch, "states">;
  readonly link: Pick<LinkStatus, "isOnline" | "grantBytesPerSecond">;
  readonly resources: Pick<ResourceMonitor, "reading">;
  /** Tools that are not driven, but always at hand: those of the person who carries the device. */
  readonly atHand?: readonly string[];
}

/** The robot as its sensors tell it. */
export interface RobotSenses {
  /** What is known now; `load` is what the journal says is on board, for a hand that has not been asked. */
  view(load: Readonly<Record<string, number>>): RobotView;
  /** Asks the hand what it holds, so that `view` knows; gives up after a moment. */
  feel(): Promise<void>;
}

/** An answer that takes longer than this is no answer. */
const FEEL_WITHIN_MS = 2000;

export function createSenses(deps: SensesDeps): RobotSenses {
  const { clock, control, drivers, watch, link, resources, atHand = [] } = deps;
  const own = Object.fromEntries(atHand.map((tool) => [tool, "ok" as const]));
  let felt: boolean | undefined;
  return {
    view(load) {
      const battery = drivers.battery.latest()?.charge;
      const isLoaded = felt ?? Object.keys(load).length > 0;
      const report = control.report();
      const tools = { base: report ? "ok" : "down", ...own, ...watch.states() } as const;
      const grant = link.grantBytesPerSecond();
      const known = {
        isLoaded,
        tools,
        isOnline: link.isOnline(),
        board: resources.reading(),
        ...(battery === undefined ? {} : { battery }),
        ...(grant === undefined ? {} : { grantBytesPerSecond: grant }),
      };
      return { ...known, ...(report ? motionOf(report) : AT_REST) };
    },
    async feel() {
      felt = drivers.load ? await askHand(drivers.load, clock) : undefined;
    },
  };
}

type Motion = Pick<RobotView, "pose" | "remaining" | "sigmaXy" | "speed" | "driven" | "zones" | "route">;

/** What is known of the motion before the loop has reported. */
const AT_REST: Motion = { sigmaXy: 0, speed: 0, driven: 0, zones: [], route: [] };

/** A position that is a guess says neither where the robot is nor which zones hold it. */
function motionOf({ pose, isLocalised, sigmaXy, velocity, driven, zones, drive, route }: MotionReport): Motion {
  const moving = { sigmaXy, speed: Math.abs(velocity.linear), driven };
  const placed = isLocalised ? { ...moving, pose, zones } : { ...moving, zones: [] };
  if (drive.state === "idle") return { ...placed, route: [] };
  return drive.state === "driving" ? { ...placed, route, remaining: drive.remaining } : { ...placed, route };
}

/** Whether the hand holds something; undefined when it does not say. */
async function askHand(load: LoadHandler, clock: Clock): Promise<boolean | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const stop = clock.after(FEEL_WITHIN_MS, () => resolve(undefined));
  try {
    const held = await Promise.race([load.held().then((item) => item !== undefined), late]);
    return held;
  } catch (thrown) {
    if (thrown instanceof AgentError) return undefined;
    throw thrown;
  } finally {
    stop();
  }
}
