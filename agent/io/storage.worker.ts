import { flushCompileCache } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "#lib/errors";
import { toStoreError } from "#lib/node/sqlite";
import type { StoreOp } from "../store.ts";
import { CoreDatabase } from "./core-database.ts";
import type {
  StorageAnswer,
  StorageCall,
  StorageFailure,
  StorageGreeting,
  StorageRequest,
} from "./storage-protocol.ts";

assert(parentPort, "the storage worker runs in a worker thread");
const port = parentPort;
const waiting: StorageCall[] = [];
const database = open();

// Natural group commit: what arrives while an fsync blocks this thread is the next group.
port.on("message", (call: StorageCall) => {
  if (waiting.push(call) === 1) setImmediate(answerWaiting);
});

function open(): CoreDatabase | undefined {
  const { path } = workerData as { path: string };
  try {
    const opened = CoreDatabase.open(path);
    port.postMessage({ type: "open" } satisfies StorageGreeting);
    flushCompileCache();
    return opened;
  } catch (thrown) {
    port.postMessage({ type: "failed", error: failureOf(thrown) } satisfies StorageGreeting);
    port.close();
    return undefined;
  }
}

interface Commit {
  readonly id: number;
  readonly ops: readonly StoreOp[];
}

/** Answers in the order of arrival; commits that follow one another become one transaction. */
function answerWaiting(): void {
  const commits: Commit[] = [];
  for (const { id, request } of waiting.splice(0)) {
    if (request.type === "commit") commits.push({ id, ops: request.ops });
    else {
      commitAll(commits.splice(0));
      answer(id, request);
    }
  }
  commitAll(commits);
}

function commitAll(commits: readonly Commit[]): void {
  if (commits.length === 0) return;
  assert(database, "calls are sent to an open database");
  const failures = database.commitGroup(commits.map((commit) => commit.ops));
  for (const [at, { id }] of commits.entries()) {
    const failure = failures[at];
    post(failure ? { id, ok: false, error: failureOf(failure) } : { id, ok: true, value: undefined });
  }
}

type Question = Exclude<StorageRequest, { type: "commit" }>;

function answer(id: number, question: Question): void {
  try {
    post({ id, ok: true, value: perform(question) });
  } catch (thrown) {
    post({ id, ok: false, error: failureOf(thrown) });
  }
}

function perform(question: Question): unknown {
  assert(database, "calls are sent to an open database");
  switch (question.type) {
    case "load":
      return database.load();
    case "read-journal":
      return database.readJournal(question.fromSeq, question.limit, question.maxBytes);
    case "read-replies":
      return database.readReplies(question.inReplyTo);
    case "read-durations":
      return database.readDurations();
    case "close":
      database.close();
      // The answer to this call is posted before the thread ends.
      setImmediate(() => port.close());
  }
  return undefined;
}

function post(answer: StorageAnswer): void {
  port.postMessage(answer);
}

/** A broken invariant is thrown on and ends the worker. */
function failureOf(thrown: unknown): StorageFailure {
  const { code, message, retryable } = toStoreError(thrown);
  return { code, message, retryable };
}
