import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type Cancel, type Clock, repeat } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Log } from "#lib/log";
import { typescriptFlags } from "#lib/node/typescript-flags";
import type { Control, ControlWorld, Goal, MotionReport } from "./control.ts";
import type { MotionFailure, MotionNotice, MotionRequest, MotionWorkerConfig } from "./protocol.ts";

export interface WorkerControlOptions extends MotionWorkerConfig {
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Called once when the worker ended by itself or fell silent: the base has been braked or stops by its watchdog, and
   * this control drives no more.
   */
  readonly onFailure: (error: AgentError) => void;
}

/** Silence that counts as death: far longer than taking in a large map. */
const SILENT_MS = 10_000;
const WATCH_MS = 1000;
/** A tick leaves little garbage; V8 would let it grow by tens of megabytes before it looks. */
const LIMITS = { maxYoungGenerationSizeMb: 2 };

/**
 * The motion loop in a thread of its own, which owns the motion drivers. Resolves when the drivers are enabled and
 * the loop runs; rejects `driver.*` when they cannot be reached.
 */
export async function startWorkerControl(options: WorkerControlOptions): Promise<Control> {
  const { clockScale, profile, drivers } = options;
  const workerData: MotionWorkerConfig = { clockScale, profile, drivers };
  const worker = new Worker(new URL("./motion.worker.ts", import.meta.url), {
    workerData,
    resourceLimits: LIMITS,
    execArgv: [...process.execArgv, ...typescriptFlags()],
  });
  // All listened for from the start: the last word of a thread and its end may come in one turn.
  const ended = Promise.withResolvers<void>();
  const greeted = Promise.withResolvers<MotionNotice>();
  worker.once("message", greeted.resolve);
  worker.once("error", greeted.reject);
  worker.once("exit", () => {
    greeted.reject(new AgentError("control.failed", "the motion worker ended before it said a word"));
    ended.resolve();
  });
  const greeting = await greeted.promise;
  if (greeting.type === "failed") {
    await ended.promise;
    throw toError(greeting.error);
  }
  options.log.info({ controlHz: profile.controlHz, drivers: drivers.kind }, "motion worker started");
  return new WorkerControl(worker, options);
}

class WorkerControl implements Control {
  readonly #worker: Worker;
  readonly #options: WorkerControlOptions;
  readonly #stopWatching: Cancel;
  #newest: MotionReport | undefined;
  #heardMs: number;
  #state: "running" | "closing" | "ended" = "running";

  constructor(worker: Worker, options: WorkerControlOptions) {
    this.#worker = worker;
    this.#options = options;
    this.#heardMs = options.clock.nowMs();
    worker.on("message", (notice: MotionNotice) => this.#take(notice));
    worker.on("error", (thrown: unknown) => this.#fail("the motion worker died of a bug", thrown));
    worker.on("exit", () => this.#fail("the motion worker ended"));
    this.#stopWatching = repeat(options.clock, WATCH_MS, () => {
      if (options.clock.nowMs() - this.#heardMs > SILENT_MS) this.#fail("the motion worker is silent");
    });
  }

  setWorld(world: ControlWorld): void {
    this.#post({ type: "world", world });
  }

  setGoal(goal: Goal): void {
    this.#post({ type: "goal", goal });
  }

  stop(): void {
    this.#post({ type: "stop" });
  }

  report(): MotionReport | undefined {
    return this.#newest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopWatching();
    if (this.#state !== "running") return;
    const exit = once(this.#worker, "exit");
    this.#post({ type: "close" });
    this.#state = "closing";
    await exit;
    this.#options.log.info({}, "motion worker ended");
  }

  #post(request: MotionRequest): void {
    if (this.#state === "running") this.#worker.postMessage(request);
  }

  #take(notice: MotionNotice): void {
    this.#heardMs = this.#options.clock.nowMs();
    if (notice.type === "report") this.#newest = notice.report;
    if (notice.type === "failed") this.#fail("the motion worker failed", toError(notice.error));
  }

  #fail(message: string, cause?: unknown): void {
    if (this.#state !== "running") return;
    this.#state = "ended";
    this.#stopWatching();
    const error = new AgentError("control.failed", message, { cause });
    this.#options.log.error({ err: error }, "motion worker failed");
    this.#options.onFailure(error);
  }
}

function toError({ code, message, retryable }: MotionFailure): AgentError {
  return new AgentError(code, message, { retryable });
}
