import { AgentError } from "#lib/errors";
import type { Log } from "#lib/log";
import { learn, type DurationSample, type LearnedDuration, type LearnedDurations } from "../core/durations.ts";
import type { Store } from "../store.ts";

/** What this device has learned about how long its actions take. */
export interface Experience {
  readonly learned: LearnedDurations;
  /** Learns from an action that has ended well; what a crash loses of it is one sample. */
  note(sample: DurationSample): void;
}

/** Reads back what was learned before. Rejects `store.failed`. */
export async function startExperience(deps: {
  readonly store: Pick<Store, "commit" | "readDurations">;
  readonly log: Log;
}): Promise<Experience> {
  const { store, log } = deps;
  const stored = await store.readDurations();
  const known = new Map(stored.map((duration) => [keyOf(duration.action, duration.place), duration]));
  const learned: LearnedDurations = (action, place) => known.get(keyOf(action, place));

  async function keep(duration: LearnedDuration): Promise<void> {
    try {
      await store.commit([{ type: "put-duration", duration }]);
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
      log.warn({ err: thrown, action: duration.action }, "learned duration could not be stored");
    }
  }
  return {
    learned,
    note(sample) {
      const duration = learn(sample, learned);
      if (!duration) return;
      known.set(keyOf(duration.action, duration.place), duration);
      void keep(duration);
    },
  };
}

function keyOf(action: string, place: string): string {
  return `${action} ${place}`;
}
