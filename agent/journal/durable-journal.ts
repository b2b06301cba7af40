import { repeat, type Cancel, type Clock } from "#lib/clock";
import { messageOf } from "#lib/errors";
import type { Event } from "#contract/event";
import type { Fault } from "../core/faults.ts";
import type { NewEvent } from "../core/ports.ts";
import type { JournalPart } from "./journal.ts";

/** A commit that takes longer than this means a disk in trouble; the robot holds until it is there. */
const COMMIT_WITHIN_MS = 5000;

/** After a commit that failed, the disk is tried this often: a robot that stands still writes nothing by itself. */
const TRY_EVERY_MS = 1000;

/** The journal as the executor writes it, and whether the disk keeps up. */
export interface DurableJournal {
  /** `Journal.append`, watched. */
  append(events: readonly NewEvent[]): Promise<readonly Event[]>;
  /** Set while a commit is overdue, or since the last one failed. */
  fault(): Fault | undefined;
}

/** Watches what passes through to `journal`; anybody's durable append shows that the disk is well again, or a try of its own. */
export function watchCommits(
  journal: Pick<JournalPart, "append" | "decide" | "onAppended" | "meta">,
  clock: Clock,
): DurableJournal & Disposable {
  const overdue = new Set<object>();
  let failure: string | undefined;
  let stopTrying: Cancel | undefined;
  function recover(): void {
    failure = undefined;
    stopTrying?.();
    stopTrying = undefined;
  }
  function fail(thrown: unknown): void {
    failure = messageOf(thrown);
    stopTrying ??= repeat(clock, TRY_EVERY_MS, () => void tryDisk().then(recover, noteFailure));
  }
  function noteFailure(thrown: unknown): void {
    if (stopTrying) failure = messageOf(thrown);
  }
  /** Writes what is there already: it takes a durable commit, and changes nothing. */
  function tryDisk(): Promise<unknown> {
    const value = journal.meta("starts") ?? "0";
    return journal.decide(() => ({ events: [], ops: () => [{ type: "set-meta", key: "starts", value }] }));
  }
  journal.onAppended(recover);
  return {
    async append(events) {
      const commit = {};
      const stop = clock.after(COMMIT_WITHIN_MS, () => overdue.add(commit));
      try {
        return await journal.append(events);
      } catch (thrown) {
        fail(thrown);
        throw thrown;
      } finally {
        stop();
        overdue.delete(commit);
      }
    },
    fault() {
      if (failure !== undefined) return storageFault(`the journal cannot be written: ${failure}`);
      return overdue.size > 0 ? storageFault(`the journal has not answered within ${COMMIT_WITHIN_MS} ms`) : undefined;
    },
    [Symbol.dispose]: () => stopTrying?.(),
  };
}

function storageFault(reason: string): Fault {
  return { part: "storage", effect: "stop-now", reason };
}
