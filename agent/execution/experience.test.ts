import { describe, expect, it } from "vitest";
import { AgentError } from "#lib/errors";
import { createMemoryLog } from "#lib/log";
import type { DurationSample, LearnedDuration } from "../core/durations.ts";
import { openSqliteStore } from "../io/sqlite-store.ts";
import { startExperience } from "./experience.ts";

const { log } = createMemoryLog();

function pickAt(place: string, seconds: number): DurationSample {
  return { stage: { action: "pick", inputs: { sku: "A", quantity: 1, from: place } }, seconds, distance: 0 };
}

describe("experience", () => {
  it("is there again after a restart, and the newest of it for each place", async () => {
    await using store = openSqliteStore({ path: ":memory:" });
    const first = await startExperience({ store, log });
    for (const sample of [pickAt("rack", 4), pickAt("rack", 6), pickAt("shelf", 9)]) first.note(sample);
    const second = await startExperience({ store, log });
    expect(second.learned("pick", "rack")).toMatchObject({ count: 2, mean: 5, variance: 1 });
    expect(second.learned("pick", "shelf")).toMatchObject({ count: 1, mean: 9 });
    expect(second.learned("place", "rack")).toBeUndefined();
  });

  it("counts at once, also when the disk refuses it", async () => {
    const { log: memory, lines } = createMemoryLog();
    const full = new AgentError("store.failed", "no space left on device");
    const store = {
      readDurations: (): Promise<readonly LearnedDuration[]> => Promise.resolve([]),
      commit: (): Promise<void> => Promise.reject(full),
    };
    const experience = await startExperience({ store, log: memory });
    experience.note(pickAt("rack", 4));
    expect(experience.learned("pick", "rack")?.mean).toBe(4);
    await Promise.resolve();
    expect(lines.map(({ message }) => message)).toEqual(["learned duration could not be stored"]);
  });
});
