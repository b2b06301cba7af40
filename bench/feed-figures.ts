import { setTimeout as sleep } from "node:timers/promises";
import { createRng } from "#lib/rng";
import { startFeedRig } from "../test/integration/feed-rig.ts";
import type { Chapter } from "./measurements-page.ts";

const MOVEMENTS = 400;
const MEAN_GAP_MS = 40;
const SETTLE_MS = 3000;

/** How long after a movement is durable the planner has answered it, with batching on and everything connected. */
export async function measureFeed(): Promise<Chapter> {
  await using rig = await startFeedRig();
  const durableMs = new Map<string, number>();
  const samples: number[] = [];
  rig.onAnswered((ids) => {
    const nowMs = performance.now();
    for (const id of ids) samples.push((nowMs - (durableMs.get(id) ?? nowMs)) / 1000);
  });
  const rng = createRng("feed figures");
  for (let n = 1; n <= MOVEMENTS; n++) {
    const startedMs = performance.now();
    const event = await rig.move(n);
    durableMs.set(String(event.data["correlation_id"]), performance.now());
    await sleep(Math.max(0, 2 * MEAN_GAP_MS * rng.float() - (performance.now() - startedMs)));
  }
  await sleep(SETTLE_MS);
  const how = `${MOVEMENTS} movements at random, ${1000 / MEAN_GAP_MS} a second, over HTTP on this machine, a batch at most 200 ms old`;
  const common = { unit: "s", better: "lower", samples, how } as const;
  return {
    title: "Realtime feed",
    figures: [
      { what: "event durable to planner's answer", ...common, goal: { of: "median", limit: 0.5 } },
      { what: "event durable to planner's answer, the slowest", ...common, goal: { of: "p99", limit: 2 } },
    ],
    remarks: ["Planner and executor share one process; the planner commits every batch to SQLite before it answers."],
  };
}
