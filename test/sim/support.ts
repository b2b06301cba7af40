import { join } from "node:path";
import { onTestFailed } from "vitest";
import type { Execution } from "#cloud/execution";
import type { ContractDraft } from "#contract/contract";
import { assert } from "#lib/errors";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import type { Agent } from "#agent/compose";
import { gatherEvidence, type Evidence } from "#sim/evidence";
import type { Observer } from "#sim/observer";
import type { Scenario } from "#sim/scenario";
import { loadScenario, type LoadedScenario } from "#sim/scenario-file";
import { endSite, settle } from "#sim/simulate";
import { Site } from "#sim/site";
import { loadSimulatedSqlite, type SimulatedSqlite } from "#sim/storage/simulated-sqlite";

/** Whether the long counts were asked for. */
export const IS_LONG = process.env["HOLDFAST_LONG"] === "1";

/** The robot and the contract that most of these tests are about. */
export const DEVICE = "amr-07";
export const PICK = "pick-4521";

const SLICE_MS = 100;

/** A scenario of this folder, in parts replaced. */
export function scenario(name: string, changes: Partial<Scenario> = {}): LoadedScenario {
  const loaded = loadScenario(join(import.meta.dirname, "scenarios", `${name}.yaml`));
  return { ...loaded, scenario: { ...loaded.scenario, ...changes } };
}

/** The contract of a scenario, for tests that push it themselves. */
export function draftOf(loaded: LoadedScenario, changes: Partial<ContractDraft> = {}): ContractDraft {
  return { ...loaded.contracts[0]!.draft, ...changes };
}

/** Tells, should the test that runs now fail, which seed it was and how that is replayed. */
export function onFailureReplay(file: string, seed: number): void {
  const command = `HOLDFAST_LONG=1 npx vitest run --project sim test/sim/${file}.test.ts -t 'seed ${seed}\\)'`;
  onTestFailed(() => {
    process.stderr.write(`\nseed ${seed} failed; replay it with\n  ${command}\n`);
  });
}

/** A site whose time the test moves. */
export class Trial implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly site: Site;

  private constructor(loaded: LoadedScenario, seed: number, observer: Observer | undefined, sqlite: SimulatedSqlite) {
    this.site = new Site(loaded, { clock: this.clock, rng: createRng(seed), log: silentLog, sqlite, observer });
  }

  /** Starts everything and waits until every device is live. */
  static async start(loaded: LoadedScenario, seed = 1, observer?: Observer, sqlite?: SimulatedSqlite): Promise<Trial> {
    const trial = new Trial(loaded, seed, observer, sqlite ?? (await loadSimulatedSqlite()));
    await trial.advance(SLICE_MS / 1000);
    await trial.until("all are live", () => [...trial.site.agents.keys()].every((id) => trial.mode(id) === "live"), 20);
    return trial;
  }

  get cloud(): Execution {
    const execution = this.site.cloud.execution();
    assert(execution, "the cloud runs");
    return execution;
  }

  agent(deviceId = DEVICE): Agent {
    const agent = this.site.agents.get(deviceId)?.agent();
    assert(agent, `the agent of ${deviceId} runs`);
    return agent;
  }

  async advance(seconds: number): Promise<void> {
    const untilMs = this.clock.nowMs() + seconds * 1000;
    while (this.clock.nowMs() < untilMs) {
      await this.clock.advance(Math.min(SLICE_MS, untilMs - this.clock.nowMs()), settle);
      this.site.throwIfFailed();
    }
  }

  /** Moves time on until something is so; fails, naming it, when it is not within `seconds`. */
  async until(what: string, isSo: () => boolean, seconds: number): Promise<void> {
    const untilMs = this.clock.nowMs() + seconds * 1000;
    while (!isSo()) {
      assert(this.clock.nowMs() < untilMs, `within ${seconds} s: ${what}`);
      await this.advance(SLICE_MS / 1000);
    }
  }

  /** Moves time on until a promise has its value. */
  async value<Value>(promise: Promise<Value>, seconds = 30): Promise<Value> {
    const settled: { value?: Value } = {};
    const waiting = promise.then((value) => (settled.value = value));
    await this.until("an answer", () => "value" in settled, seconds);
    return waiting;
  }

  /** Whether an event of the type is in the device's journal, of the stage if one is named. */
  hasEvent(type: string, stageId?: string, deviceId = DEVICE): boolean {
    return this.site.journals
      .get(deviceId)!
      .some((event) => event.type === type && (stageId === undefined || event.stageId === stageId));
  }

  /** Mode in which the cloud has the device. */
  mode(deviceId = DEVICE): string {
    const view = this.cloud.getDevice(deviceId);
    return view.ok ? view.value.mode : "unknown";
  }

  evidence(): Promise<Evidence> {
    return gatherEvidence(this.site);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return endSite(this.site, this.clock);
  }
}
