import { sleep, type Clock } from "#lib/clock";
import { AgentError, messageOf } from "#lib/errors";
import type { Contract, Stage } from "#contract/contract";
import type { Control } from "../control/control.ts";
import type { Permit } from "../core/permit.ts";
import type { Attempt, Inquiry, Interruption, RobotView, ToolResult, Verification } from "../core/situation.ts";
import type { RobotSenses } from "./robot-senses.ts";
import type { Tools } from "../tools/registry.ts";
import type { ToolRequest } from "../tools/tool.ts";

export interface StageRunnerDeps {
  readonly clock: Clock;
  readonly tools: Tools;
  readonly control: Control;
  readonly senses: RobotSenses;
  /** Called when an action has ended or a tool has answered. */
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
}

/** A device that cannot be asked within this time leaves its attempt in doubt. */
const VERIFY_WITHIN_MS = 30_000;
const VERIFY_AGAIN_MS = 500;

/**
 * Step three and four of the stage loop: runs one action, or one question about an action, at a time beside the executor
 * and keeps how it ended until the journal says so.
 */
export class StageRunner {
  readonly #deps: StageRunnerDeps;
  #attempt: Attempt | undefined;
  #inquiry: Inquiry | undefined;
  #abort = new AbortController();

  constructor(deps: StageRunnerDeps) {
    this.#deps = deps;
  }

  get attempt(): Attempt | undefined {
    return this.#attempt;
  }

  get inquiry(): Inquiry | undefined {
    return this.#inquiry;
  }

  /** Starts the action; its result is found in `attempt` once `onEnded` was called. */
  act(request: RunRequest, robot: RobotView): void {
    const { contract, stage, n } = request;
    const attempt: Attempt = {
      contractId: contract.contractId,
      stageId: stage.stageId,
      action: stage.action,
      n,
      startedMs: this.#deps.clock.nowMs(),
      drivenAtStart: robot.driven,
      ...(robot.battery === undefined ? {} : { batteryAtStart: robot.battery }),
    };
    this.#attempt = attempt;
    this.#abort = new AbortController();
    void this.#capture(attempt, this.#deps.tools.act(toolRequest(request), this.#abort.signal));
  }

  /** Breaks the action off, motion first. */
  interrupt(cause: Interruption): void {
    if (!this.#attempt || this.#attempt.interruption) return;
    this.#attempt = { ...this.#attempt, interruption: cause };
    this.#deps.control.stop();
    this.#abort.abort(new AgentError("cancelled", cause));
  }

  /** Asks the stage's tool whether the attempt had its effect; the answer is found in `inquiry`. */
  ask(request: RunRequest, cause: Inquiry["cause"]): void {
    const { contract, stage, n } = request;
    const startedMs = this.#deps.clock.nowMs();
    const inquiry = { contractId: contract.contractId, stageId: stage.stageId, n, startedMs, ...(cause && { cause }) };
    this.#attempt = undefined;
    this.#inquiry = inquiry;
    void this.#hear(inquiry, toolRequest(request));
  }

  /** What was run is settled in the journal, or left for later. */
  forget(): void {
    this.interrupt("withdrawn");
    this.#attempt = undefined;
    this.#inquiry = undefined;
  }

  async #capture(attempt: Attempt, ended: Promise<ToolResult>): Promise<void> {
    try {
      const result = await ended;
      await this.#deps.senses.feel();
      if (this.#attempt?.startedMs !== attempt.startedMs || this.#attempt.n !== attempt.n) return;
      this.#attempt = { ...this.#attempt, result };
      this.#deps.onEnded();
    } catch (thrown) {
      this.#deps.onFailure(thrown);
    }
  }

  async #hear(inquiry: Inquiry, request: ToolRequest): Promise<void> {
    try {
      const answer = await this.#verify(request);
      await this.#deps.senses.feel();
      if (this.#inquiry !== inquiry) return;
      this.#inquiry = { ...inquiry, answer };
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

function unanswered(detail: string): Verification {
  return { answer: "unknown", detail };
}

function toolRequest({ key, stage, contract, permit }: RunRequest): ToolRequest {
  return { key, stage, contract, permit };
}
