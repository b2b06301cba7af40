import { join } from "node:path";
import { openSqliteStore } from "#agent/io/sqlite-store";
import type { Store } from "#agent/store";
import type { TelemetryStore } from "#agent/telemetry/store";
import { unpackBlock } from "#contract/io/block-codec";
import { numberedEntry } from "#sim/storage/numbered-entry";
import { SAMPLES_A_SECOND, TELEMETRY } from "./content.ts";

/** What was acknowledged before a power cut: the highest event, and the seconds of telemetry of each boot. */
export interface Acknowledged {
  readonly lastSeq: number;
  /** By number of the boot: how many seconds. */
  readonly seconds: ReadonlyMap<number, number>;
}

/** Everything that is wrong with the store in a folder after a power cut; empty when nothing is. Opens it as the agent does. */
export async function wrongAfter(folder: string, { lastSeq, seconds }: Acknowledged): Promise<string[]> {
  await using store = openSqliteStore({ path: join(folder, "core.db"), telemetry: TELEMETRY });
  return [...(await wrongEvents(store, lastSeq)), ...(await wrongSamples(store.telemetry!, seconds))];
}

async function wrongEvents(store: Store, acknowledgedSeq: number): Promise<string[]> {
  const { setAside, lastSeq } = await store.load();
  const wrong = setAside === undefined ? [] : ["the journal was damaged"];
  if (lastSeq < acknowledgedSeq) {
    wrong.push(`event ${acknowledgedSeq} was acknowledged, the journal ends with ${lastSeq}`);
  }
  for (let seq = 1; seq <= lastSeq;) {
    const events = (await store.readJournal(seq, 500, 1_000_000))?.events;
    if (!events) return [...wrong, `event ${seq} can't be read`];
    for (const event of events) {
      if (JSON.stringify(event) !== JSON.stringify(numberedEntry(seq).event)) wrong.push(`event ${seq} is another`);
      seq++;
    }
  }
  return wrong;
}

async function wrongSamples(telemetry: TelemetryStore, seconds: Acknowledged["seconds"]): Promise<string[]> {
  const wrong = (await telemetry.fill()).setAside === undefined ? [] : ["the telemetry was damaged"];
  const kept = new Map<string, Set<number>>();
  for (const { bootId, atMs } of await samplesIn(telemetry)) {
    const times = kept.get(bootId) ?? new Set();
    kept.set(bootId, times);
    if (times.has(atMs)) wrong.push(`sample ${atMs} is there twice`);
    times.add(atMs);
  }
  for (const [boot, count] of seconds) {
    const left = kept.get(`boot-${boot}`)?.size ?? 0;
    if (left < count * SAMPLES_A_SECOND) wrong.push(`${count} s of telemetry were acknowledged, ${left} samples left`);
  }
  return wrong;
}

async function samplesIn(telemetry: TelemetryStore): Promise<{ bootId: string; atMs: number }[]> {
  const samples: { bootId: string; atMs: number }[] = [];
  for (let seq = 0; ;) {
    const blocks = await telemetry.read("backfill", seq, 1_000_000);
    if (blocks.length === 0) return samples;
    for (const block of blocks) {
      const { bootId } = block.base;
      const content = unpackBlock(block);
      const times = content.kind === "series" ? content.series.flatMap((series) => series.atMs) : [];
      for (const atMs of times) samples.push({ bootId, atMs });
    }
    seq = blocks.at(-1)!.seq;
  }
}

/** Takes one record of `load.main.ts` in. */
export class Acknowledgements {
  #lastSeq = 0;
  readonly #seconds = new Map<number, number>();

  take(kind: number, number: number): void {
    if (kind === EVENTS) this.#lastSeq = Math.max(this.#lastSeq, number);
    else this.#seconds.set(Math.floor(number / 1_000_000), (number % 1_000_000) + 1);
  }

  sofar(): Acknowledged {
    return { lastSeq: this.#lastSeq, seconds: new Map(this.#seconds) };
  }
}

const EVENTS = "A".charCodeAt(0);
