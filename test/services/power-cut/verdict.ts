import { join } from "node:path";
import { openSqliteStore } from "#agent/io/sqlite-store";
import { unpackBlock } from "#contract/io/block-codec";
import { entryOf, SAMPLES_A_SECOND, TELEMETRY } from "./content.ts";

/** What was acknowledged before a power cut: the highest event, and the seconds of telemetry of each boot. */
export interface Acknowledged {
  readonly lastSeq: number;
  /** By number of the boot: how many seconds. */
  readonly seconds: ReadonlyMap<number, number>;
}

/** Everything that is wrong with the store in a folder after a power cut; empty when nothing is. Opens it as the agent does. */
export async function wrongAfter(folder: string, { lastSeq, seconds }: Acknowledged): Promise<string[]> {
  await using store = openSqliteStore({ path: join(folder, "core.db"), telemetry: TELEMETRY });
  const state = await store.load();
  const wrong: string[] = [];
  if (state.setAside !== undefined) wrong.push("the journal was damaged");
  if (state.lastSeq < lastSeq) wrong.push(`event ${lastSeq} was acknowledged, the journal ends with ${state.lastSeq}`);
  for (let seq = 1; seq <= state.lastSeq;) {
    const events = (await store.readJournal(seq, 500, 1_000_000))?.events;
    if (!events) return [...wrong, `event ${seq} can't be read`];
    for (const event of events) {
      if (JSON.stringify(event) !== JSON.stringify(entryOf(seq).event)) wrong.push(`event ${seq} is another`);
      seq++;
    }
  }
  const fill = await store.telemetry!.fill();
  if (fill.setAside !== undefined) wrong.push("the telemetry was damaged");
  const kept = new Map<string, Set<number>>();
  for (let seq = 0; ;) {
    const blocks = await store.telemetry!.read("backfill", seq, 1_000_000);
    if (blocks.length === 0) break;
    for (const block of blocks) {
      const content = unpackBlock(block);
      const times = kept.get(block.base.bootId) ?? new Set();
      kept.set(block.base.bootId, times);
      for (const atMs of content.kind === "series" ? content.series.flatMap((series) => series.atMs) : []) {
        if (times.has(atMs)) wrong.push(`sample ${atMs} is there twice`);
        times.add(atMs);
      }
    }
    seq = blocks.at(-1)!.seq;
  }
  for (const [boot, count] of seconds) {
    const times = kept.get(`boot-${boot}`)?.size ?? 0;
    if (times < count * SAMPLES_A_SECOND)
      wrong.push(`${count} s of telemetry were acknowledged, ${times} samples left`);
  }
  return wrong;
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
