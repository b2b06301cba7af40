import type { ControlWorld } from "#agent/control/control";
import type { DeviceProfile } from "#agent/profile";
import type { MapSource } from "#edge-planner/map-cache";
import { sleep, type Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import type { LoadedScenario } from "../scenario-file.ts";
import type { SimulatedAgent } from "../simulated-agent.ts";
import type { World } from "../world/world.ts";
import { startBody } from "./body.ts";
import { work, type Screen } from "./person.ts";
import { OperatorScript } from "./script.ts";

export interface OperatorsDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly world: World;
  readonly maps: MapSource;
  readonly agents: ReadonlyMap<string, Pick<SimulatedAgent, "agent">>;
  /** Told what a person does that the screen did not ask for. */
  readonly note: (deviceId: string, text: string) => void;
}

/** Somebody at work; `ended` rejects with a bug. */
export interface RunningOperator extends AsyncDisposable {
  readonly ended: Promise<void>;
}

const ANSWER_WITHIN_MS = 10_000;

/** The people of a scenario: one for each device that a person carries. They live on when a device's agent dies. */
export function startOperators(loaded: LoadedScenario, deps: OperatorsDeps): readonly RunningOperator[] {
  const carried = loaded.scenario.robots.filter(({ id }) => loaded.profiles.get(id)?.worker === "person");
  return carried.map(({ id, operator }) => {
    const profile = loaded.profiles.get(id)!;
    return startOperator(id, operator ?? OperatorScript.parse({}), profile, placeOf(loaded), deps);
  });
}

function startOperator(
  deviceId: string,
  script: OperatorScript,
  profile: DeviceProfile,
  place: ControlWorld,
  { clock, rng, log, world, maps, agents, note }: OperatorsDeps,
): RunningOperator {
  const stop = new AbortController();
  const giveUp = async (): Promise<undefined> => {
    await sleep(clock, ANSWER_WITHIN_MS);
  };
  const screen: Screen = {
    view: () => Promise.resolve(agents.get(deviceId)?.agent()?.desk?.view()),
    // A device that dies meanwhile never answers.
    tell: (message) => Promise.race([agents.get(deviceId)?.agent()?.desk?.tell(message), giveUp()]),
  };
  async function run(): Promise<void> {
    const channels = [world.connect(deviceId), world.connect(deviceId)] as const;
    await using body = await startBody({ clock, log, profile, channels, maps, world: place });
    const person = { clock, rng: rng.fork(deviceId), screen, body, script, signal: stop.signal };
    await work({ ...person, note: (text) => note(deviceId, text) });
  }
  const ended = run();
  return {
    ended,
    async [Symbol.asyncDispose]() {
      stop.abort(new AgentError("cancelled", "the working day is over"));
      await ended;
    },
  };
}

/** The place as somebody knows who works there. */
function placeOf({ map, zones, contracts }: LoadedScenario): ControlWorld {
  const known = new Map(
    [...zones, ...contracts.flatMap(({ draft }) => draft.spatial.zones)].map((zone) => [zone.id, zone]),
  );
  return { mapId: "site", ...("png" in map ? { occupancy: map } : {}), zones: [...known.values()], forbiddenZones: [] };
}
