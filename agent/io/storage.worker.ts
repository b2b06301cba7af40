import { flushCompileCache } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "#lib/errors";
import { toStoreError } from "#lib/node/sqlite";
import type { StoreOp } from "../store.ts";
import { Storage, type StorageOptions } from "./storage.ts";
import { performTelemetry } from "./telemetry-requests.ts";
import type {
  StorageAnswer,
  StorageCall,
  StorageFailure,
  StorageGreeting,
  StorageRequest,
  TelemetryRequest,
} from "./storage-protocol.ts";

assert(parentPort, "the storage worker runs in a worker thread");
const port = parentPort;
const waiting: StorageCall[] = [];
const recorded: { readonly id: number; readonly request: TelemetryRequest }[] = [];
const storage = open();
let isArmed = false;

// Natural group commit: what arrives while an fsync blocks this thread is the next group.
port.on("message", (call: StorageCall) => {
  const { id, request } = call;
  if (isTelemetry(request)) recorded.push({ id, request });
  else waiting.push(call);
  arm();
});

function open(): Storage | undefined {
  try {
    const opened = Storage.open(workerData as StorageOptions);
    port.postMessage({ type: "open", journalShare: opened.journalShare() } satisfies StorageGreeting);
    flushCompileCache();
    return opened;
  } catch (thrown) {
    port.postMessage({ type: "failed", error: failureOf(thrown) } satisfies StorageGreeting);
    port.close();
    return undefined;
  }
}

function arm(): void {
  if (isArmed) return;
  isArmed = true;
  setImmediate(work);
}

/** The journal first, then one request of telemetry, then whatever arrived meanwhile: the journal waits for one at most. */
function work(): void {
  isArmed = false;
  answerWaiting();
  const next = recorded.shift();
  if (next) answer(next.id, next.request);
  if (recorded.length > 0) arm();
}

interface Commit {
  readonly id: number;
  readonly ops: readonly StoreOp[];
}

/** Answers in the order of arrival; commits that follow one another become one transaction. */
function answerWaiting(): void {
  const commits: Commit[] = [];
  for (const { id, request } of waiting.splice(0)) {
    if (request.type === "commit") {
      commits.push({ id, ops: request.ops });
      continue;
    }
    commitAll(commits.splice(0));
    if (request.type === "close") for (const call of recorded.splice(0)) answer(call.id, call.request);
    answer(id, request);
  }
  commitAll(commits);
}

function commitAll(commits: readonly Commit[]): void {
  if (commits.length === 0) return;
  const open = opened();
  const failures = open.commitGroup(commits.map((commit) => commit.ops));
  const journalShare = open.journalShare();
  for (const [at, { id }] of commits.entries()) {
    const failure = failures[at];
    post(failure ? { id, ok: false, error: failureOf(failure) } : { id, ok: true, value: undefined, journalShare });
  }
}

type Question = Exclude<StorageRequest, { type: "commit" }>;

function answer(id: number, question: Question): void {
  try {
    const value = perform(question);
    post({ id, ok: true, value });
  } catch (thrown) {
    post({ id, ok: false, error: failureOf(thrown) });
  }
}

function perform(question: Question): unknown {
  const { core, telemetry } = opened();
  if (isTelemetry(question)) {
    assert(telemetry, "telemetry is asked of a storage that has it");
    return performTelemetry(telemetry, question);
  }
  switch (question.type) {
    case "load":
      return core.load();
    case "read-journal":
      return core.readJournal(question.fromSeq, question.limit, question.maxBytes);
    case "read-replies":
      return core.readReplies(question.inReplyTo);
    case "read-durations":
      return core.readDurations();
    case "close":
      opened()[Symbol.dispose]();
      // The answer to this call is posted before the thread ends.
      setImmediate(() => port.close());
  }
  return undefined;
}

const TELEMETRY_TYPES: ReadonlySet<StorageRequest["type"]> = new Set<TelemetryRequest["type"]>([
  "record",
  "read-blocks",
  "acknowledge-blocks",
  "read-fill",
  "read-history",
]);

function isTelemetry(request: StorageRequest): request is TelemetryRequest {
  return TELEMETRY_TYPES.has(request.type);
}

function opened(): Storage {
  assert(storage, "calls are sent to an open storage");
  return storage;
}

function post(answer: StorageAnswer): void {
  port.postMessage(answer);
}

/** A broken invariant is thrown on and ends the worker. */
function failureOf(thrown: unknown): StorageFailure {
  const { code, message, retryable } = toStoreError(thrown);
  return { code, message, retryable };
}
