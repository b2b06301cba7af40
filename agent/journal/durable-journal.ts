import type { Clock } from "#lib/clock";
import { messageOf } from "#lib/errors";
import type { Event } from "#contract/event";
import type { Fault } from "../core/faults.ts";
import type { Journal, NewEvent } from "../core/ports.ts";

/** A commit that takes longer than this means a disk in trouble; the robot holds until it is there. */
const COMMIT_WITHIN_MS = 5000;

/** The journal as the executor writes it, and whether the disk keeps up. */
export interface DurableJournal {
  /** `Journal.append`, watched. */
  append(events: readonly NewEvent[]): Promise<readonly Event[]>;
  /** Set while a commit is overdue, or since the last one failed. */
  fault(): Fault | undefined;
}

/** Watches what passes through to `journal`; anybody's durable append shows that the disk is well again. */
export function watchCommits(journal: Journal, clock: Clock): DurableJournal {
  const overdue = new Set<object>();
  let failure: string | undefined;
  journal.onAppended(() => {
    failure = undefined;
  });
  return {
    async append(events) {
      const commit = {};
      const stop = clock.after(COMMIT_WITHIN_MS, () => overdue.add(commit));
      try {
        return await journal.append(events);
      } catch (thrown) {
        failure = messageOf(thrown);
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
  };
}

function storageFault(reason: string): Fault {
  return { part: "storage", effect: "stop-now", reason };
}
