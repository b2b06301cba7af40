import { expect, test } from "vitest";
import type { Event } from "#contract/event";
import { createRng } from "#lib/rng";
import { violationsOf } from "#sim/checkers";
import type { Observer } from "#sim/observer";
import type { Fault } from "#sim/faults/fault";
import { simulate, type Simulation } from "#sim/simulate";
import { drawWeather } from "#sim/weather";
import { DEVICE, IS_LONG, onFailureReplay, PICK, scenario, Trial } from "./support.ts";

/** A run without kills takes this long. */
const COURSE_MS = 42_000;
/** As many moments, evenly spread; together they fall on every stage and between them. */
const MOMENTS = IS_LONG ? 120 : 6;
/** Events of an undisturbed run, from the contract's acceptance on. */
const EVENTS = 30;
const EVENT_STEP = IS_LONG ? 1 : 6;
/** Moments within an action of the hand, which takes 4 s. */
const ACTING_MS = IS_LONG ? [1, 500, 1000, 2000, 3000, 3900, 3990, 4000] : [1, 2000];
const SEEDS = Array.from({ length: IS_LONG ? 60 : 3 }, (_, at) => at + 1);

type Kill = Extract<Fault, { do: "kill-agent" | "kill-cloud" }>;

test.each(Array.from({ length: MOMENTS }, (_, at) => Math.round(((at + 0.5) * COURSE_MS) / MOMENTS)))(
  "an agent that is killed at %i ms takes up its work and does nothing twice",
  async (at) => {
    const { evidence } = await run([{ at, do: "kill-agent", device: DEVICE }], 1);
    expect(bootsOf(evidence)).toBe(2);
    expectDone(evidence);
  },
);

test.each(Array.from({ length: EVENTS / EVENT_STEP }, (_, at) => 1 + at * EVENT_STEP))(
  "an agent that is killed the moment its event %i is durable goes on from there",
  async (count) => {
    let left = count;
    const evidence = await runWithKill(() => --left === 0, 0);
    expect(bootsOf(evidence)).toBe(2);
    expectDone(evidence);
  },
);

test.each(["pick-item", "place-item"].flatMap((stage) => ACTING_MS.map((delayMs) => [stage, delayMs] as const)))(
  "an agent that is killed in %s after %i ms asks whether it was done before it does it again",
  async (stage, delayMs) => {
    const evidence = await runWithKill(({ type, stageId }) => type === "stage.attempt" && stageId === stage, delayMs);
    const answers = evidence.devices[0]!.journal.filter(
      ({ type, stageId }) => type === "stage.verified" && stageId === stage,
    );
    expect(answers).toHaveLength(1);
    expectDone(evidence);
  },
);

test.each(SEEDS)("agent and cloud are killed again and again in any weather (seed %i)", async (seed) => {
  onFailureReplay("kills", seed);
  const rng = createRng(seed).fork("kills");
  const climate = { places: [DEVICE, "cloud"], calmAtMs: 60_000 };
  const kills = Array.from({ length: rng.integer(2, 6) }, (): Kill => {
    const moment = { at: rng.integer(2000, 60_000), for: rng.integer(100, 8000) };
    return rng.chance(1, 3) ? { ...moment, do: "kill-cloud" } : { ...moment, do: "kill-agent", device: DEVICE };
  });
  const { evidence } = await run(apart(kills), seed, drawWeather(rng.fork("weather"), climate));
  expect(violationsOf(evidence)).toEqual([]);
});

test("a cloud that is killed in the middle of the outage hears all of it after its restart", async () => {
  const outage = { after: { contract: PICK, stage: "pick-item" }, for: 60_000, partition: DEVICE };
  const { evidence, result } = await run([{ at: 30_000, for: 20_000, do: "kill-cloud" }], 1, [outage]);
  expectDone(evidence);
  expect(result.cloud.reconciliations).toHaveLength(1);
});

test("a cloud that is dead when the device returns loses nothing", async () => {
  const outage = { after: { contract: PICK, stage: "pick-item" }, for: 20_000, partition: DEVICE };
  const { evidence, result } = await run([{ at: 25_000, for: 40_000, do: "kill-cloud" }], 1, [outage]);
  expect(result.cloud.modes.at(-1)?.mode).toBe("live");
  expectDone(evidence);
});

function run(
  faults: readonly Fault[],
  seed: number,
  network: ReturnType<typeof drawWeather> = [],
): Promise<Simulation> {
  const loaded = scenario("short-pick", { faults: [...faults], network, until: 200_000 });
  return simulate(loaded, { seed, realMs: () => 0 });
}

/** A process that is dead cannot be killed: each kill of one waits until it lives again. */
function apart(kills: readonly Kill[]): Kill[] {
  const freeMs = new Map<string, number>();
  return kills
    .toSorted((a, b) => a.at! - b.at!)
    .map((kill) => {
      const at = Math.max(kill.at!, freeMs.get(kill.do) ?? 0);
      freeMs.set(kill.do, at + kill.for! + 500);
      return { ...kill, at };
    });
}

/** Runs the pick and kills the agent once, `delayMs` after the first durable event that is `meant`; zero is inside of its commit. */
async function runWithKill(meant: (event: Event) => boolean, delayMs: number): Promise<Simulation["evidence"]> {
  const aim: { trial?: Trial } = {};
  let state: "waiting" | "aimed" | "done" = "waiting";
  function shoot(trial: Trial): void {
    const agent = trial.site.agents.get(DEVICE)!;
    state = "done";
    agent.kill();
    trial.clock.after(1000, () => void agent.start());
  }
  const killer: Observer = {
    event(_t, _deviceId, event) {
      const { trial } = aim;
      if (!trial || state !== "waiting" || !meant(event)) return;
      state = "aimed";
      if (delayMs === 0) shoot(trial);
      else trial.clock.after(delayMs, () => shoot(trial));
    },
    cloud: () => undefined,
    view: () => undefined,
    intervention: () => undefined,
  };
  await using trial = await Trial.start(scenario("short-pick"), 1, killer);
  aim.trial = trial;
  await trial.until("it was killed", () => state === "done", 60);
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 120);
  await trial.until("it is live", () => trial.mode() === "live", 60);
  await trial.advance(2);
  return trial.evidence();
}

function bootsOf({ devices }: Simulation["evidence"]): number {
  return devices[0]!.journal.filter(({ type }) => type === "boot").length;
}

function expectDone(evidence: Simulation["evidence"]): void {
  expect(violationsOf(evidence)).toEqual([]);
  expect(evidence.contracts.map(({ status }) => status)).toEqual(["completed"]);
  expect(evidence.movements.map(({ kind }) => kind)).toEqual(["pick", "place"]);
}
