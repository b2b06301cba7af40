import { packBlock } from "#contract/io/block-codec";
import type { Connection } from "#lib/transport";
import { deviceFigures } from "./buffering/device-bytes.ts";
import { runDrain } from "./buffering/drain-run.ts";
import { peerFigures } from "./buffering/peers.ts";
import { restartFigures } from "./buffering/restart.ts";
import { ringFigure } from "./buffering/ring.ts";
import { slowDiskFigures } from "./buffering/slow-disk.ts";
import { openBench, QUANTITIES, recordingOf } from "./buffering/workbench.ts";
import type { Figure } from "./figure.ts";
import { terminalLines, type Chapter } from "./measurements-page.ts";

/** A link of 256 kbit/s with a round trip of 50 ms. */
const NARROW = { delayMs: 25, bytesPerSecond: 32_000 } as const;
const EVENT_EVERY_MS = 250;
const WATCHED_MS = 15_000;
/** By then the window has found how much the link carries. */
const SETTLED_MS = 5000;
const EVENT = "x".repeat(200);
/** What the database spends on a block beside its body. */
const ROW_BYTES = 80;
const CLOSE = { close: true };

/** The goals of buffering, by their numbers, beside what others do with the same work in the same run. */
export async function measureBuffering(): Promise<Chapter> {
  const figures = [
    ...(await restartFigures()),
    ...slowDiskFigures(),
    ...sizeFigures(),
    ...(await deviceFigures()),
    ...(await drainFigures()),
    ...(await besideBackfill()),
    await ringFigure(),
    ...(await peerFigures()),
  ];
  return { title: "Buffering, by its goals", figures, remarks: [WHERE, PEERS] };
}

const WHERE =
  "Alone: `node bench/buffering-figures.ts`. Goal 1: `HOLDFAST_IMAGES=10000 npx vitest run --project services test/services/power-cut`. Goals 3, 4 and 8, " +
  "without a slow disk or link: the chapter before. Goal 11: memory of the agent, above. Goal 14, a disk that is really full: `npx vitest run --project services " +
  "test/services/full-disk`. Goals 6 and 8 to 10 of the cloud, with fleets, are not measured here.";

const PEERS =
  "ThingsBoard's gateway (Python) and mqtt-level-store (abandoned) are not installed for this; on a like machine in November 2026 the one had 0 of 3,000 accepted " +
  "rows after a power cut, the other a database that could not be opened.";

/** Small and large blocks of six quantities with noise. */
function sizeFigures(): Figure[] {
  return [
    { values: 60, limit: 8 },
    { values: 600, limit: 4 },
  ].map(({ values, limit }) => {
    const { content } = recordingOf(1, values / QUANTITIES.length);
    const samples = [(packBlock(content).body.length + ROW_BYTES) / values];
    const how = `${QUANTITIES.length} quantities at 10 Hz with noise, the row included`;
    const goal = { of: "median", limit } as const;
    return { what: `goal 5: a value in a block of ${values}`, unit: "B", better: "lower", samples, goal, how };
  });
}

async function drainFigures(): Promise<Figure[]> {
  const small = await drainOf(4000, 10);
  const slow = await drainOf(500, 100, { delayMs: NARROW.delayMs });
  const how = "store, MQTT with QoS 1 through the embedded broker, archive, acknowledgement; all in this process";
  const common = { better: "higher", how } as const;
  return [
    {
      what: "goal 8: blocks drained, loopback",
      unit: "messages/s",
      samples: [(small.messages * 1000) / small.ms],
      goal: { of: "median", limit: 10_000 },
      ...common,
    },
    {
      what: "goal 8: backlog drained, round trip of 50 ms",
      unit: "values/s",
      samples: [(slow.values * 1000) / slow.ms],
      goal: { of: "median", limit: 25_000 },
      ...common,
    },
  ];
}

/** A backlog of so many blocks, each of so many samples. */
async function drainOf(
  blocks: number,
  samplesEach: number,
  shape?: { readonly delayMs: number },
): Promise<{ readonly ms: number; readonly messages: number; readonly values: number }> {
  await using bench = await openBench();
  // What was recorded in another boot begins another block.
  const recordings = Array.from({ length: blocks }, (_, at) => {
    const { base, ...recording } = recordingOf(at, samplesEach);
    return { ...recording, base: { ...base, bootId: `boot-${at}` } };
  });
  await bench.store.telemetry!.record(recordings, CLOSE);
  const { ms, messages } = await runDrain(bench.store, shape && { shape });
  return { ms, messages, values: blocks * samplesEach * QUANTITIES.length };
}

/** What events of work wait behind a backlog on a narrow link, and how much of that link the backlog uses. */
async function besideBackfill(): Promise<Figure[]> {
  await using bench = await openBench();
  for (let at = 0; at < 120; at++) await bench.store.telemetry!.record([recordingOf(at, 1000)]);
  await bench.store.telemetry!.record([], CLOSE);
  const delays: number[] = [];
  const run = await runDrain(bench.store, { shape: NARROW, beside: (device) => tellEvents(device, delays) });
  const how = `256 kbit/s with a round trip of 50 ms, an event of 200 B every ${EVENT_EVERY_MS} ms for ${WATCHED_MS / 1000} s`;
  return [
    {
      what: "goal 9: event to its PUBACK beside a backlog",
      unit: "ms",
      better: "lower",
      samples: delays,
      goal: { of: "p99", limit: 200 },
      how: `${how}, the first ${SETTLED_MS / 1000} s apart`,
    },
    {
      what: "goal 9: share of the link that the backlog uses",
      unit: "1",
      better: "higher",
      samples: [run.bytes / ((run.ms / 1000) * NARROW.bytesPerSecond)],
      goal: { of: "median", limit: 0.65 },
      how: `${how}, payloads only`,
    },
  ];
}

async function tellEvents(device: Connection, delays: number[]): Promise<void> {
  const startedMs = performance.now();
  const answered: Promise<void>[] = [];
  while (performance.now() - startedMs < WATCHED_MS) {
    const sentMs = performance.now();
    const answer = device.publish({ topic: "hf/v1/default/bench/journal", payload: EVENT, qos: 1, retain: false });
    const isSettled = sentMs - startedMs > SETTLED_MS;
    answered.push(answer.then(() => void (isSettled && delays.push(performance.now() - sentMs))));
    await new Promise((resolve) => setTimeout(resolve, EVENT_EVERY_MS));
  }
  await Promise.all(answered);
}

if (import.meta.main) process.stdout.write(`${terminalLines(await measureBuffering()).join("\n")}\n`);
