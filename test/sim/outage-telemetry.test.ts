import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { quantile } from "#lib/quantile";
import { drawOutage } from "./outage-plot.ts";
import { liveThroughOutage, type OutageResult, type Shown } from "./outage-telemetry.ts";

const PLOT = fileURLToPath(new URL("../../docs/telemetry-outage.svg", import.meta.url));
const MINUTE_MS = 60_000;
const BUDGET = 250_000;

/** Least and greatest value of each minute that lies whole within the samples. */
function extremes(
  samples: readonly { atMs: number; least: number; greatest: number }[],
): Map<number, [number, number]> {
  const minutes = new Map<number, [number, number]>();
  for (const { atMs, least, greatest } of samples) {
    const minute = Math.floor(atMs / MINUTE_MS);
    const [low, high] = minutes.get(minute) ?? [Infinity, -Infinity];
    minutes.set(minute, [Math.min(low, least), Math.max(high, greatest)]);
  }
  return minutes;
}

function extremesOfArchive({ archived }: OutageResult): Map<number, [number, number]> {
  return extremes(
    archived.map(({ atMs, values }) => {
      const mean = values["linear"]!;
      return { atMs, least: values["linear.min"] ?? mean, greatest: values["linear.max"] ?? mean };
    }),
  );
}

function whole(minutes: Map<number, [number, number]>): [number, [number, number]][] {
  return [...minutes].slice(1, -3);
}

/** Root mean square of what lies between the truth and straight lines through the archive. */
function rmsOf({ truth, archived }: OutageResult): number {
  let [at, sum, count] = [0, 0, 0];
  for (const { atMs, value } of truth) {
    while (at + 2 < archived.length && archived[at + 1]!.atMs < atMs) at++;
    const [before, after] = [archived[at]!, archived[at + 1]!];
    if (atMs < before.atMs || atMs > after.atMs) continue;
    const share = (atMs - before.atMs) / (after.atMs - before.atMs);
    const line = before.values["linear"]! * (1 - share) + after.values["linear"]! * share;
    sum += (line - value) ** 2;
    count++;
  }
  return Math.sqrt(sum / count);
}

function rangeOf(truth: readonly Shown[]): number {
  const values = truth.map(({ value }) => value);
  return quantile(values, 1) - quantile(values, 0);
}

describe("eight hours without a link, all channels on, in a small budget", () => {
  let result: OutageResult;
  beforeAll(async () => {
    result = await liveThroughOutage({ hours: 8, telemetryBytes: BUDGET, seed: 1 });
    if (process.env["HOLDFAST_DRAW"] === "1") writeFileSync(PLOT, drawOutage(result));
  }, 600_000);

  it("lose no event, and bring none twice", () => {
    const ids = result.events.cloud.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const missing = result.events.device.filter(({ id }) => !ids.includes(id));
    expect(missing.length).toBeLessThanOrEqual(2);
    expect(missing).toEqual(result.events.device.slice(result.events.device.length - missing.length));
  });

  it("thin the telemetry within the budget, and say so", () => {
    const [lane] = result.fillBefore.fill!.lanes;
    expect(lane!.bytes).toBeLessThanOrEqual(BUDGET);
    expect(result.fileBytesMax).toBeLessThan(2 * BUDGET + 1_048_576);
    expect(result.thinned.length).toBeGreaterThan(0);
    expect(result.thinned.map(({ data }) => data["dropped"])).toEqual(result.thinned.map(() => 0));
  });

  it("keep minimum and maximum of each minute exact", () => {
    const truth = extremes(result.truth.map(({ atMs, value }) => ({ atMs, least: value, greatest: value })));
    const archived = extremesOfArchive(result);
    const wrong = whole(truth).filter(([minute, [low, high]]) => {
      const [least, greatest] = archived.get(minute) ?? [Number.NaN, Number.NaN];
      return least !== low || greatest !== high;
    });
    expect(wrong).toEqual([]);
    expect(truth.size).toBeGreaterThan(8 * 60);
  });

  it("keep the shape: lines through what is left are within a twentieth of the range", () => {
    expect(rmsOf(result) / rangeOf(result.truth)).toBeLessThanOrEqual(0.05);
  });

  it("are drained afterwards, and the disk is free again", () => {
    expect(result.secondsToDrain).toBeLessThan(600);
    expect(result.fillAfter.fill!.lanes.map(({ waiting }) => waiting)).toEqual([expect.any(Number), 0]);
    expect(result.fillAfter.fill!.lanes[0]!.waiting).toBeLessThanOrEqual(2);
  });
});

describe("an hour without a link, within the ordinary budget", () => {
  it("loses not a sample", async () => {
    const result = await liveThroughOutage({ hours: 1, telemetryBytes: 64_000_000, seed: 2 });
    expect(result.thinned).toEqual([]);
    expect(rmsOf(result)).toBeLessThan(1e-9);
  }, 300_000);
});
