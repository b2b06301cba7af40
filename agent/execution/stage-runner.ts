import { sleep, type Clock } from "#lib/clock";
import type { Point } from "#lib/geometry";
import { AgentError, messageOf } from "#lib/errors";
import type { Contract, Stage } from "#contract/contract";
import type { CoverageMap, CoverageState } from "#contract/coverage";
import type { StageState, StageUsage } from "#contract/state";
import type { StageChanges } from "#contract/stage-changes";
import type { Control } from "../control/control.ts";
import { movesBase } from "../core/action-traits.ts";
import { charged } from "../core/battery-meter.ts";
import type { Permit } from "../core/permit.ts";
import type {
  Attempt,
  Inquiry,
  Interruption,
  RobotView,
  StageCheckpoint,
  ToolResult,
  Verification,
} from "../core/situation.ts";
import type { RobotSenses } from "./robot-senses.ts";
import type { Tools } from "../tools/registry.ts";
import type { ToolRequest } from "../tools/tool.ts";

export interface StageRunnerDeps {
  readonly clock: Clock;
  readonly tools: Tools;
  readonly control: Control;
  readonly senses: RobotSenses;
  /** Called when an action has ended or has something to keep, or a tool has answered. */
  readonly onEnded: () => void;
  /** Called with a bug: something that tools must not throw. */
  readonly onFailure: (thrown: unknown) => void;
}

/** One attempt to be made or asked about. */
export interface RunRequest {
  readonly contract: Contract;
  readonly stage: Stage;
  readonly n: number;
  readonly key: string;
  readonly permit: () => Permit;
  readonly changes?: StageChanges;
  readonly checkpoint?: Readonly<Record<string, unknown>>;
  /** What the attempts before it took. */
  readonly used?: StageUsage;
  /** The floor that they covered. */
  readonly coverage?: CoverageState;
}

/** A stage of a contract. */
export type StageName = Pick<Attempt, "contractId" | "stageId">;

/** A device that cannot be asked within this time leaves its attempt in doubt. */
const VERIFY_WITHIN_MS = 30_000;
const VERIFY_AGAIN_MS = 500;

interface Running {
  readonly attempt: Attempt;
  readonly abort: AbortController;
}

/**
 * Step three and four of the stage loop: runs actions, and questions about actions, beside the executor, at most one a
 * stage, and keeps how each ended until the journal says so.
 */
export class StageRunner {
  readonly #deps: StageRunnerDeps;
  readonly #running = new Map<string, Running>();
  readonly #inquiries = new Map<string, Inquiry>();

  constructor(deps: StageRunnerDeps) {
    this.#deps = deps;
  }

  get attempts(): readonly Attempt[] {
    return [...this.#running.values()].map(({ attempt }) => attempt);
  }

  get inquiries(): readonly Inquiry[] {
    return [...this.#inquiries.values()];
  }

  /** Whether anything is under way. */
  isBusy(): boolean {
    return this.#running.size + this.#inquiries.size > 0;
  }

  /** Starts the action; its result is found in `attempts` once `onEnded` was called. */
  act(request: RunRequest, robot: RobotView): void {
    const { contract, stage, n, used } = request;
    const attempt: Attempt = {
      contractId: contract.contractId,
      stageId: stage.stageId,
      action: stage.action,
      n,
      startedMs: this.#deps.clock.nowMs(),
      drivenAtStart: robot.driven,
      ...(robot.battery === undefined ? {} : { batteryAtStart: robot.battery }),
      ...(used && { usedBefore: used }),
    };
    const abort = new AbortController();
    this.#readMeters();
    this.#running.set(nameOf(attempt), { attempt, abort });
    const save = (checkpoint: StageCheckpoint): void => this.#save(abort, nameOf(attempt), checkpoint);
    const cover = (coverage: CoverageMap, way: readonly Point[]): void =>
      void this.#change(abort, nameOf(attempt), { coverage, way });
    const ended = this.#deps.tools.act({ ...toolRequest(request), save, cover }, abort.signal);
    void this.#capture(abort, nameOf(attempt), ended);
  }

  /** Breaks the action of a stage off, motion first. */
  interrupt(work: StageName, cause: Interruption): void {
    const running = this.#running.get(nameOf(work));
    if (!running || running.attempt.interruption) return;
    const { attempt, abort } = running;
    this.#running.set(nameOf(work), { abort, attempt: { ...attempt, interruption: cause } });
    if (movesBase(attempt.action)) this.#deps.control.stop();
    abort.abort(new AgentError("cancelled", cause));
  }

  /** Asks the stage's tool whether the attempt had its effect; the answer is found in `inquiries`. */
  ask(request: RunRequest, cause: Inquiry["cause"]): void {
    const { contract, stage, n } = request;
    const startedMs = this.#deps.clock.nowMs();
    const inquiry = { contractId: contract.contractId, stageId: stage.stageId, n, startedMs, ...(cause && { cause }) };
    this.#running.delete(nameOf(inquiry));
    this.#inquiries.set(nameOf(inquiry), inquiry);
    void this.#hear(inquiry, toolRequest(request));
  }

  /** What was run for a stage is settled in the journal, or left for later. */
  forget(work: StageName): void {
    this.interrupt(work, "withdrawn");
    this.#readMeters();
    this.#running.delete(nameOf(work));
    this.#inquiries.delete(nameOf(work));
  }

  /** What the battery has lost until now belongs to those that were under way until now. */
  #readMeters(): void {
    const { attempts } = this;
    const { battery } = this.#deps.senses.view({});
    for (const [name, { attempt, abort }] of this.#running) {
      this.#running.set(name, { abort, attempt: charged(attempt, attempts, battery) });
    }
  }

  #save(abort: AbortController, name: string, checkpoint: StageCheckpoint): void {
    if (this.#change(abort, name, { checkpoint })) this.#deps.onEnded();
  }

  #change(abort: AbortController, name: string, change: Pick<Attempt, "checkpoint" | "coverage" | "way">): boolean {
    const running = this.#running.get(name);
    if (running?.abort !== abort) return false;
    this.#running.set(name, { abort, attempt: { ...running.attempt, ...change } });
    return true;
  }

  async #capture(abort: AbortController, name: string, ended: Promise<ToolResult>): Promise<void> {
    try {
      const result = await ended;
      await this.#deps.senses.feel();
      this.#readMeters();
      const running = this.#running.get(name);
      if (running?.abort !== abort) return;
      this.#running.set(name, { abort, attempt: { ...running.attempt, result } });
      this.#deps.onEnded();
    } catch (thrown) {
      this.#deps.onFailure(thrown);
    }
  }

  async #hear(inquiry: Inquiry, request: ToolRequest): Promise<void> {
    try {
      const answer = await this.#verify(request);
      await this.#deps.senses.feel();
      if (this.#inquiries.get(nameOf(inquiry)) !== inquiry) return;
      this.#inquiries.set(nameOf(inquiry), { ...inquiry, answer });
      this.#deps.onEnded();
    } catch (thrown) {
      this.#deps.onFailure(thrown);
    }
  }

  /** Asks again while the device is not there yet, as after a restart; a device that hangs has not answered. */
  async #verify(request: ToolRequest): Promise<Verification> {
    const { clock, tools } = this.#deps;
    const { promise: late, resolve } = Promise.withResolvers<Verification>();
    const stop = clock.after(VERIFY_WITHIN_MS, () => resolve(unanswered("the device does not answer")));
    const untilMs = clock.nowMs() + VERIFY_WITHIN_MS;
    try {
      for (;;) {
        try {
          return await Promise.race([tools.verify(request), late]);
        } catch (thrown) {
          if (!(thrown instanceof AgentError) || !thrown.code.startsWith("driver.")) throw thrown;
          if (clock.nowMs() + VERIFY_AGAIN_MS >= untilMs) return unanswered(messageOf(thrown));
          await sleep(clock, VERIFY_AGAIN_MS);
        }
      }
    } finally {
      stop();
    }
  }
}

/** What earlier attempts of a stage leave to the next. */
export function madeSoFar({
  changes,
  checkpoint,
  used,
  coverage,
}: StageState): Pick<RunRequest, "changes" | "checkpoint" | "used" | "coverage"> {
  return {
    ...(changes && { changes }),
    ...(checkpoint && { checkpoint }),
    ...(used && { used }),
    ...(coverage && { coverage }),
  };
}

function nameOf({ contractId, stageId }: StageName): string {
  return `${contractId}/${stageId}`;
}

function unanswered(detail: string): Verification {
  return { answer: "unknown", detail };
}

function toolRequest({ n: _number, ...request }: RunRequest): ToolRequest {
  return request;
}
