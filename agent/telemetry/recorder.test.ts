import { beforeEach, describe, expect, test } from "vitest";
import { AgentError } from "#lib/errors";
import { silentLog } from "#lib/log";
import { VirtualClock } from "#lib/virtual-clock";
import type { NewEvent } from "../core/ports.ts";
import { TelemetryProfile } from "./channels.ts";
import { startRecorder } from "./recorder.ts";
import type { Recording, TelemetryStore, Thinning } from "./store.ts";

const PROFILE = TelemetryProfile.parse({
  channels: { speed: { everyMs: 200 }, drivers: { everyMs: 1000, lane: "live" } },
});

let clock: VirtualClock;
let written: Recording[];
let told: NewEvent[];
let disk: "well" | "full" | "stuck";
let thinned: readonly Thinning[];

beforeEach(() => {
  clock = new VirtualClock();
  [written, told, thinned] = [[], [], []];
  disk = "well";
});

describe("a recorder", () => {
  test("samples each channel at its rate and commits once a second what is stored", async () => {
    await using _ = start();
    await pass(10);
    expect(written.length).toBeGreaterThanOrEqual(9);
    expect(written.every(({ content }) => content.kind === "series" && content.series.length === 1)).toBe(true);
    expect(samplesWritten()).toBeGreaterThanOrEqual(45);
  });

  test("stores the rest when it ends", async () => {
    const recorder = start();
    await pass(0.9);
    expect(written).toEqual([]);
    await recorder[Symbol.asyncDispose]();
    expect(samplesWritten()).toBeGreaterThanOrEqual(4);
  });

  test("goes on when the disk takes nothing, and records again when it does", async () => {
    await using _ = start();
    disk = "full";
    await pass(10);
    expect(written).toEqual([]);
    disk = "well";
    await pass(3);
    expect(samplesWritten()).toBeGreaterThan(0);
    expect(samplesWritten()).toBeLessThan(25);
  });

  test("gives up what has waited a minute for a disk that does not answer, instead of growing", async () => {
    const recorder = start();
    disk = "stuck";
    await pass(150);
    disk = "well";
    answerStuck();
    await pass(2);
    expect(samplesWritten()).toBeLessThanOrEqual(5 * 65);
    await recorder[Symbol.asyncDispose]();
  });

  test("tells the journal at once what was thinned, and then in sums", async () => {
    await using _ = start();
    thinned = [{ lane: "backfill", samples: 100, dropped: 2, reason: "budget" }];
    await pass(60);
    expect(told).toEqual([{ type: "telemetry.thinned", data: thinned[0] }]);
    await pass(600);
    expect(told).toHaveLength(2);
    expect(told[1]!.data).toMatchObject({ lane: "backfill", reason: "budget" });
    expect(Number(told[1]!.data["samples"])).toBeGreaterThan(50_000);
  });
});

let stuck: (() => void)[] = [];

function answerStuck(): void {
  for (const answer of stuck.splice(0)) answer();
}

function start(): AsyncDisposable {
  stuck = [];
  let speed = 0;
  const store: Pick<TelemetryStore, "record"> = {
    async record(recordings) {
      if (disk === "stuck") await new Promise<void>((resolve) => stuck.push(resolve));
      if (disk === "full") throw new AgentError("store.failed", "the disk is full", { retryable: true });
      written.push(...recordings);
      return thinned;
    },
  };
  return startRecorder({
    clock,
    log: silentLog,
    store: store as TelemetryStore,
    journal: {
      append: async (events) => {
        told.push(...events);
        return [];
      },
    },
    profile: PROFILE,
    read: () => ({ linear: (speed += 0.01), angular: 0 }),
    takeLines: () => [],
  });
}

function samplesWritten(): number {
  return written.reduce((sum, { content }) => {
    return sum + (content.kind === "series" ? content.series.reduce((count, { atMs }) => count + atMs.length, 0) : 0);
  }, 0);
}

function pass(seconds: number): Promise<void> {
  return clock.advance(seconds * 1000, () => new Promise((resolve) => setImmediate(resolve)));
}
