import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { messageOf } from "#lib/errors";
import type { Log } from "#lib/log";

/** So many starts in a row that ended badly make a crash loop. */
export const CRASHES_MAX = 5;
/** A program that has lived for so long is in no crash loop. */
export const STEADY_MS = 60_000;

const Entry = z.object({
  /** Starts in a row that ended badly. */
  crashes: z.number().int().min(0),
  /** Whether the last start has not said how it ended. */
  isOpen: z.boolean(),
});
type Entry = z.infer<typeof Entry>;

/** How this program's starts end, kept beside its journal. */
export interface StartRecord {
  /** Starts in a row before this one that ended badly. */
  readonly crashes: number;
  /** This start goes well. */
  steady(): void;
  end(how: "told" | "failed"): void;
  /** One more start is tried; if it ends badly, the loop goes on. */
  retry(): void;
}

/**
 * Notes that a start begins. One before that ended without a word counts as bad where a supervisor runs this program
 * (`isSupervised`): its watchdog has killed it, or the memory limit. Elsewhere somebody may have pulled a plug.
 */
export function recordStart(path: string, { isSupervised, log }: { isSupervised: boolean; log: Log }): StartRecord {
  const { crashes, isOpen } = readEntry(path);
  const counted = crashes + (isOpen && isSupervised ? 1 : 0);
  const write = (entry: Entry): void => {
    try {
      writeFileSync(path, JSON.stringify(entry));
    } catch (thrown) {
      // A full disk must not keep an agent from its work; it is only not protected from a crash loop.
      log.warn({ err: messageOf(thrown), path }, "this start could not be noted");
    }
  };
  write({ crashes: counted, isOpen: true });
  return {
    crashes: counted,
    steady: () => write({ crashes: 0, isOpen: true }),
    retry: () => write({ crashes: CRASHES_MAX - 1, isOpen: false }),
    end: (how) => write({ crashes: how === "told" ? 0 : counted + 1, isOpen: false }),
  };
}

function readEntry(path: string): Entry {
  try {
    return Entry.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    // There is none yet, or power was cut while it was written: nothing is known of earlier starts.
    return { crashes: 0, isOpen: false };
  }
}
