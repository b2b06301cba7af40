import { createHash } from "node:crypto";
import type { LogEntry } from "#cloud/io/store-rows";
import { canonicalJson } from "#contract/canonical";
import type { Event } from "#contract/event";
import { emptyDevice, foldEvent } from "#contract/reducer";
import type { ContractState } from "#contract/state";
import { isFinal } from "#contract/status";
import { assert } from "#lib/errors";
import { createMemoryLog, type LogLine } from "#lib/log";
import { catchStrays } from "#lib/node/strays";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { gatherEvidence, type Evidence } from "./evidence.ts";
import { judge, type Unjudged } from "./expectations.ts";
import type { Observer } from "./observer.ts";
import { deviceResult } from "./outcome.ts";
import type { DeviceResult, SimulationResult } from "./result.ts";
import type { Rewiring } from "./rewiring.ts";
import type { Places } from "./places.ts";
import type { LoadedScenario } from "./scenario-file.ts";
import { Site } from "./site.ts";
import type { PushAnswer } from "./pusher.ts";
import { loadSimulatedSqlite } from "./storage/simulated-sqlite.ts";
import type { World } from "./world/world.ts";

export interface SimulationOptions {
  readonly seed: number;
  readonly observer?: Observer | undefined;
  /** Shared by runs in the same place. */
  readonly places?: Places;
  /** Called and awaited at every slice with the virtual time in ms: to show how far it is, or to pace it. It changes nothing. */
  readonly onSlice?: ((virtualMs: number) => Promise<void>) | undefined;
  readonly rewiring?: Rewiring;
  /** Called once the site stands and before time moves: whoever acts in the run beside its scenario. */
  readonly attend?: (site: Site, clock: VirtualClock) => void;
  /** Milliseconds of a real clock, to say how fast it went; it decides nothing. */
  readonly realMs: () => number;
}

/** A run that is over: what is told about it, and what can still be looked into. */
export interface Simulation {
  readonly result: SimulationResult;
  /** The world as it was left; time has stopped in it. */
  readonly world: World;
  readonly journals: ReadonlyMap<string, readonly Event[]>;
  readonly cloudLog: readonly LogEntry[];
  /** What checkers look at. */
  readonly evidence: Evidence;
  readonly pushes: readonly (PushAnswer | undefined)[];
  /** The last log lines of every part. */
  readonly lines: readonly LogLine[];
}

const BOOT_ID = "5eed5eed-0000-4000-8000-000000000001";
const SLICE_MS = 500;
const JUDGE_EVERY_MS = 1000;
/** A run goes on this long after everything has settled, to see that it stays so. */
const CALM_MS = 2000;
const FAREWELL_TURNS = 240;

/**
 * Runs a scenario in virtual time: cloud, agents, network and world in this process, all from one seed. Equal seeds give
 * equal runs. Ends when all is settled, at the scenario's `until` at the latest. Throws what a part throws that has a bug.
 */
export async function simulate(loaded: LoadedScenario, options: SimulationOptions): Promise<Simulation> {
  using strays = catchStrays();
  const onSlice = async (virtualMs: number): Promise<void> => {
    strays.throwFirst();
    await options.onSlice?.(virtualMs);
  };
  const simulation = await run(loaded, { ...options, onSlice });
  strays.throwFirst();
  return simulation;
}

async function run(loaded: LoadedScenario, options: SimulationOptions): Promise<Simulation> {
  const sqlite = await loadSimulatedSqlite();
  const startedMs = options.realMs();
  const clock = new VirtualClock({ bootId: BOOT_ID });
  const { log, lines } = createMemoryLog(500);
  const { scenario } = loaded;
  const { observer, places, rewiring, seed } = options;
  const site = new Site(loaded, { clock, rng: createRng(seed), log, sqlite, observer, places, rewiring });
  options.attend?.(site, clock);
  await using _ = { [Symbol.asyncDispose]: () => endSite(site, clock) };
  for (let calmMs = 0; clock.nowMs() < scenario.until && calmMs < CALM_MS;) {
    await clock.advance(SLICE_MS, settle);
    site.throwIfFailed();
    await options.onSlice?.(clock.nowMs());
    calmMs = isSettled(site) ? calmMs + SLICE_MS : 0;
    if (options.observer?.judged && clock.nowMs() % JUDGE_EVERY_MS === 0) {
      const sofar = { ...toldOf(site, loaded), seed: options.seed, digest: "", wallSeconds: 0, realTimeFactor: 0 };
      options.observer.judged(
        clock.nowMs() / 1000,
        judge({ ...sofar, virtualSeconds: clock.nowMs() / 1000 }, scenario.expect),
      );
    }
  }
  const wallSeconds = (options.realMs() - startedMs) / 1000;
  const virtualSeconds = clock.nowMs() / 1000;
  const told = toldOf(site, loaded);
  const neverHappened = site.schedule.waiting();
  const unjudged: Unjudged = {
    ...told,
    ...(neverHappened.length > 0 && { neverHappened }),
    cloud: { ...told.cloud, ...refusalsOf(loaded, site.pusher.answers()) },
    seed: options.seed,
    digest: digestOf(site),
    virtualSeconds,
    wallSeconds,
    realTimeFactor: virtualSeconds / Math.max(wallSeconds, 1e-3),
  };
  const expectations = judge(unjudged, scenario.expect);
  return {
    result: { ...unjudged, outcome: expectations.every(({ ok }) => ok) ? "passed" : "failed", expectations },
    world: site.world,
    journals: site.journals,
    cloudLog: site.cloudLog,
    evidence: await gatherEvidence(site),
    pushes: site.pusher.answers(),
    lines,
  };
}

/** Ends a site. Its parts say goodbye to each other, which takes time: virtual time. */
export async function endSite(site: Site, clock: VirtualClock): Promise<void> {
  site.dismissObserver();
  let isOver = false;
  const ended = site[Symbol.asyncDispose]().finally(() => {
    isOver = true;
  });
  for (let turn = 0; turn < FAREWELL_TURNS && !isOver; turn++) await clock.advance(SLICE_MS, settle);
  assert(isOver, "every part of a simulation ends when it is told to");
  await ended;
}

/** Lets everything run that needs no time: promises, and what they start. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Every contract pushed and ended, every fault over, every device live and all that it wrote committed in the cloud. */
function isSettled(site: Site): boolean {
  const { pusher, schedule, cloud, agents } = site;
  if (!pusher.isDone() || !schedule.isOver() || site.hasOpenWork()) return false;
  const execution = cloud.execution();
  return [...agents.values()].every((slot) => {
    const view = execution?.getDevice(slot.deviceId);
    const state = slot.agent()?.state();
    if (!view?.ok || !state || view.value.mode !== "live" || view.value.activeContract) return false;
    if (!slot.agent()?.isOnline()) return false;
    const isCaughtUp = view.value.journal.committedSeq === state.seq;
    return isCaughtUp && Object.values(state.contracts).every((contract) => isFinal(contract.status));
  });
}

type Told = Pick<Unjudged, "scenario" | "matrix" | "devices" | "cloud">;

function toldOf(site: Site, { scenario, parameters = {} }: LoadedScenario): Told {
  return {
    scenario: scenario.name,
    ...(scenario.matrix ? { matrix: parameters } : {}),
    devices: scenario.robots.map(({ id }) => resultOf(id, site)),
    cloud: cloudResult(site.cloudLog),
  };
}

function resultOf(id: string, { world, journals }: Site): DeviceResult {
  const contracts = contractsOf(journals.get(id) ?? []);
  const toGoal = secondsToGoal(contracts);
  const result = deviceResult(id, world.metrics(id), contracts);
  return toGoal === undefined ? result : { ...result, timeToGoal: toGoal };
}

/** Contracts as the device's own journal tells them; where it was renumbered, the fold goes on with the new numbers. */
function contractsOf(journal: readonly Event[]): ContractState[] {
  let state = emptyDevice("result");
  for (const event of journal) {
    state = foldEvent(event.seq <= state.seq ? { ...state, seq: event.seq - 1 } : state, event);
  }
  return Object.values(state.contracts);
}

function secondsToGoal(contracts: readonly ContractState[]): number | undefined {
  const [first, last] = [contracts[0], contracts.at(-1)];
  if (!first || !last?.endedAt || contracts.some(({ status }) => status !== "completed")) return undefined;
  return (Date.parse(last.endedAt) - Date.parse(first.startedAt ?? first.acceptedAt)) / 1000;
}

function cloudResult(log: readonly LogEntry[]): SimulationResult["cloud"] {
  return {
    modes: log
      .filter(({ type }) => type === "device.mode")
      .map(({ deviceId = "", at, data }) => ({ deviceId, at, mode: String(data["to"]) })),
    reconciliations: log
      .filter(({ type }) => type === "reconciliation")
      .map(({ deviceId = "", contractId, data }) => ({ deviceId, divergence: { contractId, ...data } })),
  };
}

/** The contracts that were refused or never pushed: without them an expectation of one says only that it is not there. */
function refusalsOf(
  { contracts, tasks }: LoadedScenario,
  answers: readonly (PushAnswer | undefined)[],
): Pick<SimulationResult["cloud"], "refusals"> {
  const names = [
    ...contracts.map(({ draft }) => draft.name ?? draft.taskId),
    ...tasks.map(({ order }) => order.taskId),
  ];
  const refusals = names.flatMap((contract, index) => {
    const answer = answers[index];
    if (answer?.status === 201) return [];
    const problems = answer?.problems?.map((problem) => `; ${problem}`).join("") ?? "";
    const reason = answer ? `${answer.detail}${problems}` : "not pushed: its device was never live and free";
    return [{ contract, reason }];
  });
  return refusals.length === 0 ? {} : { refusals };
}

function digestOf({ journals, cloudLog, world }: Site): string {
  const told = { journals: Object.fromEntries(journals), cloudLog, world: world.digest() };
  return createHash("sha256").update(canonicalJson(told)).digest("hex");
}
