import { isDeepStrictEqual } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { openSqliteStore } from "#agent/io/sqlite-store";
import type { Store, StoreOp } from "#agent/store";
import { exampleContract } from "#contract/example";
import { emptyDevice } from "#contract/reducer";
import { createRng, type Rng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { SimulatedDisk } from "./disk.ts";
import { numberedEntry } from "./numbered-entry.ts";
import { loadSimulatedSqlite, type MountedDisk, type SimulatedSqlite } from "./simulated-sqlite.ts";

const PATH = "core.db";
const HEADER_BYTES = 100;
const EVENTS = 12;

let sqlite: SimulatedSqlite;
let whole: Uint8Array;
let said: unknown;

beforeAll(async () => {
  sqlite = await loadSimulatedSqlite();
  const computer = new Computer();
  const store = computer.open();
  await store.commit(Array.from({ length: EVENTS }, (_, at) => ({ type: "append", entry: numberedEntry(at + 1) })));
  await store.commit(theRest());
  said = await allOf(store);
  await store[Symbol.asyncDispose]();
  whole = computer.disk.readStart(PATH, Infinity);
  computer.mounted.unmount();
});

/** What is tried in one test. */
const BYTES = 20;

test.each([0, 20, 40, 60, 80])(
  "a bit that flips in the header from byte %i on is found, or changes nothing",
  async (from) => {
    const flips = Array.from({ length: BYTES * 8 }, (_, number): Flip => ({
      at: from + (number >> 3),
      bit: number & 7,
    }));
    expect(await unnoticed(flips)).toEqual([]);
  },
);

test("a bit that flips in what was written is found, or changes nothing", async () => {
  const rng = createRng(1);
  const flips = Array.from({ length: 200 }, (): Flip => ({ at: writtenByte(rng), bit: rng.integer(0, 7) }));
  expect(await unnoticed(flips)).toEqual([]);
});

interface Flip {
  /** Number of the byte. */
  readonly at: number;
  readonly bit: number;
}

/** Of the row of an event the event and its hash are covered, the boot that it is of is not. */
const NOT_COVERED = "boot-1";

/** The place of a byte that is not zero and is not one of those that nothing covers. */
function writtenByte(rng: Rng): number {
  for (;;) {
    const at = rng.integer(HEADER_BYTES, whole.length - 1);
    const around = Buffer.from(whole.subarray(at - NOT_COVERED.length, at + NOT_COVERED.length)).toString("latin1");
    if (whole[at] !== 0 && !around.includes(NOT_COVERED)) return at;
  }
}

/** Those after which the store gives away something else, or takes no event any more, and has set nothing aside. */
async function unnoticed(flips: readonly Flip[]): Promise<Flip[]> {
  const found: Flip[] = [];
  for (const flip of flips) if (!(await isHarmless(flip))) found.push(flip);
  return found;
}

async function isHarmless({ at, bit }: Flip): Promise<boolean> {
  const computer = new Computer();
  const damaged = whole.slice();
  damaged[at] = damaged[at]! ^ (1 << bit);
  const file = computer.disk.open(PATH, true)!;
  computer.disk.write(file, damaged, 0);
  const store = computer.open();
  try {
    if ((await store.load()).setAside !== undefined) return true;
    if (!isDeepStrictEqual(await allOf(store), said)) return false;
    const op: StoreOp = { type: "append", entry: numberedEntry(EVENTS + 1) };
    return await store.commit([op]).then(
      () => true,
      () => false,
    );
  } finally {
    await store[Symbol.asyncDispose]();
    computer.mounted.unmount();
  }
}

class Computer {
  readonly disk: SimulatedDisk;
  readonly mounted: MountedDisk;

  constructor() {
    const clock = new VirtualClock();
    this.disk = new SimulatedDisk({ clock, rng: createRng(1) });
    this.mounted = sqlite.mount(this.disk, { clock, rng: createRng(1) });
  }

  open(): Store {
    return openSqliteStore({ path: PATH, disk: this.mounted });
  }
}

/** One row at least in each table. */
function theRest(): StoreOp[] {
  const contract = exampleContract();
  const snapshot = { state: { ...emptyDevice("incarnation-1"), seq: 3 }, hash: numberedEntry(3).hash };
  return [
    { type: "put-contract", jws: "a.b.c", contract },
    { type: "set-meta", key: "incarnation", value: "incarnation-1" },
    { type: "set-acked", seq: 4 },
    {
      type: "put-reply",
      stored: { documentHash: "hash-1", reply: { v: 1, session: "s", inReplyTo: "command-1", result: "done" } },
    },
    { type: "put-duration", duration: { action: "pick", place: "rack", count: 1, mean: 6, variance: 0.5 } },
    { type: "prune", snapshot, contracts: [contract.contractId] },
  ];
}

/** All that a store gives away. */
async function allOf(store: Store): Promise<unknown> {
  const { lastSeq, ...state } = await store.load();
  const slice = await store.readJournal(4, lastSeq, Infinity);
  return [state, slice, await store.readReplies("command-1"), await store.readDurations()];
}
