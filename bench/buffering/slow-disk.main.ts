import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { entryOf, startCommitting } from "../commits.ts";
import { openBench } from "./workbench.ts";

/**
 * Commits with 1 writer, with 128, and then a thousand events a second in groups while this thread's own lateness is measured;
 * prints one JSON object. Started by `slow-disk.ts` with an fsync that is slow.
 */
const SPAN_MS = 2500;
const GROUP_EVERY_MS = 50;
const GROUP = 50;
const NS_PER_MS = 1e6;

async function ratePerSecond(writers: number): Promise<number> {
  await using bench = await openBench();
  const committing = startCommitting(bench.store, writers);
  await wait(SPAN_MS);
  return ((await committing.end()) * 1000) / SPAN_MS;
}

async function lateness(): Promise<{ p99Ms: number; maxMs: number }> {
  await using bench = await openBench();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let seq = 0;
  const commitGroup = (): void => {
    for (let n = 0; n < GROUP; n++) void bench.store.commit([{ type: "append", entry: entryOf(++seq) }]);
  };
  const timer = setInterval(commitGroup, GROUP_EVERY_MS);
  await wait(500);
  delay.enable();
  await wait(SPAN_MS);
  delay.disable();
  clearInterval(timer);
  return { p99Ms: delay.percentile(99) / NS_PER_MS - 1, maxMs: delay.max / NS_PER_MS - 1 };
}

const [one, many] = [await ratePerSecond(1), await ratePerSecond(128)];
process.stdout.write(JSON.stringify({ one, many, ...(await lateness()) }));
