import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { AgentError } from "#lib/errors";
import type { Log } from "#lib/log";
import { typescriptFlags } from "#lib/node/typescript-flags";
import type { Share } from "#lib/units";
import type { LearnedDuration } from "../core/durations.ts";
import type { TelemetryStore } from "../telemetry/store.ts";
import type { JournalSlice, Store, StoredReply, StoredState } from "../store.ts";
import { telemetryStoreOf } from "./telemetry-requests.ts";
import type { StorageOptions } from "./storage.ts";
import type { DeviceStore } from "./sqlite-store.ts";
import type { StorageAnswer, StorageFailure, StorageGreeting, StorageRequest } from "./storage-protocol.ts";

export interface WorkerStoreOptions extends StorageOptions {
  readonly log: Log;
  /** Called when the worker died of a bug: nothing can be stored any more, so the program must stop the robot and end. */
  readonly onFatal: (error: Error) => void;
}

/** Rows pass through this thread and are garbage at once; V8 would let it grow by tens of megabytes before it looks. */
const LIMITS = { maxYoungGenerationSizeMb: 2 };

/**
 * The store in a thread of its own, which owns the database: a slow fsync never blocks the caller. Callers that commit
 * while another commit is on its way share the next fsync. Rejects `store.failed` when the file cannot be opened.
 */
export async function startWorkerStore(options: WorkerStoreOptions): Promise<DeviceStore> {
  const worker = new Worker(new URL("./storage.worker.ts", import.meta.url), {
    workerData: dataOf(options),
    resourceLimits: LIMITS,
    execArgv: [...process.execArgv, ...typescriptFlags()],
  });
  // Listened for from the start: the last word of a thread and its end may come in one turn.
  const ended = Promise.withResolvers<void>();
  worker.once("exit", () => ended.resolve());
  const [greeting] = (await once(worker, "message")) as [StorageGreeting];
  if (greeting.type === "failed") {
    await ended.promise;
    throw toError(greeting.error);
  }
  options.log.info({ path: options.path }, "store opened");
  return new WorkerStore(worker, options, greeting.journalShare);
}

/** What can cross to the worker. */
function dataOf({ path, journalBytes, telemetry }: WorkerStoreOptions): StorageOptions {
  return { path, ...(journalBytes !== undefined && { journalBytes }), ...(telemetry && { telemetry }) };
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AgentError) => void;
}

class WorkerStore implements DeviceStore {
  readonly telemetry?: TelemetryStore;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #journalShare: Share;
  #lastId = 0;
  #end: "open" | "closing" | "closed" = "open";

  constructor(worker: Worker, options: WorkerStoreOptions, journalShare: Share) {
    this.#worker = worker;
    this.#journalShare = journalShare;
    if (options.telemetry) this.telemetry = telemetryStoreOf((request) => this.#call(request));
    worker.on("message", (answer: StorageAnswer) => this.#onAnswer(answer));
    const die = (thrown: unknown): void => {
      const error = new AgentError("store.failed", "the storage worker died", { cause: thrown });
      options.log.error({ err: thrown }, "storage worker died");
      this.#close(error);
      options.onFatal(error);
    };
    worker.on("error", die);
    worker.on("exit", (code) => {
      if (this.#end === "open") die(new AgentError("store.failed", `it ended with code ${code}`));
      this.#close(new AgentError("store.failed", "the store is closed"));
    });
  }

  load(): Promise<StoredState> {
    return this.#call({ type: "load" }) as Promise<StoredState>;
  }

  async commit(ops: Parameters<Store["commit"]>[0]): Promise<void> {
    await this.#call({ type: "commit", ops });
  }

  readJournal(fromSeq: number, limit: number, maxBytes: number): Promise<JournalSlice | undefined> {
    return this.#call({ type: "read-journal", fromSeq, limit, maxBytes }) as Promise<JournalSlice | undefined>;
  }

  readReplies(inReplyTo: string): Promise<readonly StoredReply[]> {
    return this.#call({ type: "read-replies", inReplyTo }) as Promise<readonly StoredReply[]>;
  }

  readDurations(): Promise<readonly LearnedDuration[]> {
    return this.#call({ type: "read-durations" }) as Promise<readonly LearnedDuration[]>;
  }

  journalShare(): Share {
    return this.#journalShare;
  }

  /** What was asked before is still done. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#end !== "open") return;
    const exit = once(this.#worker, "exit");
    const closed = this.#call({ type: "close" });
    this.#end = "closing";
    await closed;
    await exit;
  }

  #call(request: StorageRequest): Promise<unknown> {
    if (this.#end !== "open") return Promise.reject(new AgentError("store.failed", "the store is closed"));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, request });
    });
  }

  #onAnswer(answer: StorageAnswer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (answer.ok && answer.journalShare !== undefined) this.#journalShare = answer.journalShare;
    if (answer.ok) pending?.resolve(answer.value);
    else pending?.reject(toError(answer.error));
  }

  #close(error: AgentError): void {
    this.#end = "closed";
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}

function toError(failure: StorageFailure): AgentError {
  return new AgentError(failure.code, failure.message, { retryable: failure.retryable });
}
