import { runDrain } from "./buffering/drain-run.ts";
import { openBench, QUANTITIES, recordingOf, writtenBytes } from "./buffering/workbench.ts";
import { startCommitting, entryOf } from "./commits.ts";
import type { Figure } from "./figure.ts";
import type { Chapter } from "./measurements-page.ts";

const ROUNDS = 5;
const COMMIT_MS = 3000;
const SINGLE_COMMITS = 2000;
/** Samples at 10 Hz with six quantities, a hundred seconds at a time. */
const SAMPLES = 1000;
const RECORDINGS = 60;

/** What the store of a device costs and carries, and how fast a backlog leaves it. */
export async function measureTelemetry(): Promise<Chapter> {
  const figures = [...(await journalFigures()), ...(await recordingFigures())];
  return { title: "Journal and telemetry on disk", figures, remarks: [REMARK] };
}

const REMARK =
  "Bytes written are those that the kernel counts for this process (`/proc/self/io`), the write-ahead log included.";

async function journalFigures(): Promise<Figure[]> {
  const single: number[] = [];
  const one: number[] = [];
  const many: number[] = [];
  const bytes: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await using bench = await openBench();
    const before = writtenBytes();
    for (let seq = 1; seq <= SINGLE_COMMITS; seq++) {
      const startedMs = performance.now();
      await bench.store.commit([{ type: "append", entry: entryOf(seq) }]);
      single.push(performance.now() - startedMs);
    }
    bytes.push((writtenBytes() - before) / SINGLE_COMMITS);
    one.push(1000 / (single.slice(-SINGLE_COMMITS).reduce((sum, ms) => sum + ms) / SINGLE_COMMITS));
  }
  for (let round = 0; round < 2; round++) {
    await using bench = await openBench();
    const committing = startCommitting(bench.store, 128);
    await new Promise((resolve) => setTimeout(resolve, COMMIT_MS));
    many.push((await committing.end()) / (COMMIT_MS / 1000));
  }
  const how = "storage worker, WAL, `synchronous=FULL`, events of 0.5 kB";
  return [
    { what: "one event durable", unit: "ms", better: "lower", samples: single, how: `${how}, one after the other` },
    { what: "durable events, one outstanding", unit: "1/s", better: "higher", goal: atLeast(3000), samples: one, how },
    {
      what: "durable events, 128 outstanding",
      unit: "1/s",
      better: "higher",
      goal: atLeast(100_000),
      samples: many,
      how,
    },
    {
      what: "written per durable event",
      unit: "B",
      better: "lower",
      goal: atMost(12_288),
      samples: bytes,
      how: "`write_bytes`",
    },
  ];
}

async function recordingFigures(): Promise<Figure[]> {
  const rates: number[] = [];
  const sizes: number[] = [];
  const written: number[] = [];
  const drained: number[] = [];
  const count = SAMPLES * QUANTITIES.length;
  for (let round = 0; round < ROUNDS; round++) {
    await using bench = await openBench();
    const telemetry = bench.store.telemetry!;
    const recordings = Array.from({ length: RECORDINGS }, (_, at) => recordingOf(at, SAMPLES));
    const before = writtenBytes();
    const startedMs = performance.now();
    for (const recording of recordings) await telemetry.record([recording]);
    await telemetry.record([], { close: true });
    const samples = RECORDINGS * count;
    rates.push((samples * 1000) / (performance.now() - startedMs));
    written.push((writtenBytes() - before) / samples);
    sizes.push((await telemetry.fill()).lanes[0]!.bytes / samples);
    drained.push((samples * 1000) / (await runDrain(bench.store)).ms);
  }
  const how = `${RECORDINGS} commits of ${SAMPLES} samples of ${QUANTITIES.length} noisy quantities`;
  const path = "store, MQTT with QoS 1 through the embedded broker, archive, acknowledgement; all in this process";
  return [
    { what: "durable values recorded", unit: "1/s", better: "higher", goal: atLeast(1_000_000), samples: rates, how },
    {
      what: "size of a value on disk",
      unit: "B",
      better: "lower",
      goal: atMost(4),
      samples: sizes,
      how: "blocks with their rows",
    },
    { what: "written for a value", unit: "B", better: "lower", samples: written, how: "`write_bytes`" },
    {
      what: "backlog drained",
      unit: "values/s",
      better: "higher",
      goal: atLeast(1_000_000),
      samples: drained,
      how: path,
    },
  ];
}

function atLeast(limit: number): NonNullable<Figure["goal"]> {
  return { of: "median", limit };
}

const atMost = atLeast;
