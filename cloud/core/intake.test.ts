import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Event } from "#contract/event";
import { chainHash, GENESIS_HASH } from "#contract/hash-chain";
import { sha256Hex } from "#contract/io/node-crypto";
import { type JournalBatch, WIRE_VERSION } from "#contract/messages";
import { emptyIntake, gapBefore, type IntakeState, nextParked, PARKED_BATCHES_MAX, receive } from "./intake.ts";

function eventOf(seq: number, text = "t"): Event {
  const id = `019b8ce6-1400-7000-8000-${String(seq).padStart(12, "0")}`;
  return {
    seq,
    id,
    at: "2026-01-05T08:00:00.000Z",
    monoMs: seq,
    clock: "synced",
    type: "notice",
    data: { kind: "k", text },
  };
}

const EVENTS = Array.from({ length: 12 }, (_, at) => eventOf(at + 1));
/** Chain hash after each number; index 0 is before the first. */
const HASHES = EVENTS.reduce(
  (hashes, event) => [...hashes, chainHash(hashes.at(-1)!, event, sha256Hex)],
  [GENESIS_HASH],
);

function batch(from: number, to: number, overrides: Partial<JournalBatch> = {}): JournalBatch {
  return {
    v: WIRE_VERSION,
    deviceId: "amr-07",
    incarnation: "i",
    bootId: "b",
    prevHash: HASHES[from - 1]!,
    events: EVENTS.slice(from - 1, to),
    ...overrides,
  };
}

/** What the database would know. */
function committed(state: IntakeState, given: JournalBatch): Parameters<typeof receive>[2] {
  const first = given.events[0]!.seq;
  const last = Math.min(state.seq, given.events.at(-1)!.seq);
  return first > state.seq ? {} : { before: HASHES[first - 1], overlap: HASHES[last] };
}

/** Feeds a batch and whatever is then unparked; returns the numbers that were applied. */
function feed(state: IntakeState, given: JournalBatch): { state: IntakeState; applied: number[]; kind: string } {
  const step = receive(state, given, committed(state, given), sha256Hex);
  if (step.kind !== "apply") return { state: step.next, applied: [], kind: step.kind };
  const applied = step.events.map(({ event }) => event.seq);
  const { next, batch: parked } = nextParked(step.next);
  if (!parked) return { state: next, applied, kind: step.kind };
  const rest = feed(next, parked);
  return { state: rest.state, applied: [...applied, ...rest.applied], kind: step.kind };
}

const at = (seq: number, parked: JournalBatch[] = []): IntakeState => ({
  incarnation: "i",
  seq,
  hash: HASHES[seq]!,
  parked,
});

describe("the intake", () => {
  it.each([
    { situation: "continues", state: at(0), given: batch(1, 3), kind: "apply", seq: 3 },
    { situation: "overlaps and continues", state: at(2), given: batch(1, 3), kind: "apply", seq: 3 },
    { situation: "is known whole", state: at(5), given: batch(2, 4), kind: "duplicate", seq: 5 },
    { situation: "is ahead", state: at(2), given: batch(5, 6), kind: "parked", seq: 2 },
    { situation: "is ahead, again", state: at(2, [batch(5, 6)]), given: batch(5, 6), kind: "dropped", seq: 2 },
    {
      situation: "has another past",
      state: at(2),
      given: batch(3, 4, { prevHash: "f".repeat(64) }),
      kind: "fork",
      seq: 2,
    },
    {
      situation: "begins with another past",
      state: at(0),
      given: batch(1, 2, { prevHash: "f".repeat(64) }),
      kind: "fork",
      seq: 0,
    },
    {
      situation: "tells known numbers differently",
      state: at(3),
      given: batch(3, 3, { events: [eventOf(3, "other")] }),
      kind: "fork",
      seq: 3,
    },
    {
      situation: "skips a number",
      state: at(0),
      given: batch(1, 2, { events: [eventOf(1), eventOf(3)] }),
      kind: "dropped",
      seq: 0,
    },
    {
      situation: "runs backwards",
      state: at(0),
      given: batch(1, 2, { events: [eventOf(2), eventOf(1)] }),
      kind: "dropped",
      seq: 0,
    },
  ])("a batch that $situation is $kind", ({ state, given, kind, seq }) => {
    const fed = feed(state, given);
    expect([fed.kind, fed.state.seq]).toEqual([kind, seq]);
  });

  it("parks no more than its limit", () => {
    let state = emptyIntake("i");
    for (let n = 0; n < PARKED_BATCHES_MAX + 5; n++) {
      const events = [eventOf(n + 5)];
      state = receive(state, batch(1, 1, { events }), {}, sha256Hex).next;
    }
    expect(state.parked).toHaveLength(PARKED_BATCHES_MAX);
  });

  it("applies every event once, in order, however batches are ordered, repeated, cut and lost", () => {
    const anyBatch = fc
      .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
      .map(([a, b]) => batch(Math.min(a, b), Math.max(a, b)));
    fc.assert(
      fc.property(fc.array(anyBatch, { maxLength: 30 }), (arrivals) => {
        let state = emptyIntake("i");
        const applied: number[] = [];
        const resentWhole = batch(1, 12);
        for (const arrival of [...arrivals, resentWhole]) {
          const fed = feed(state, arrival);
          state = fed.state;
          applied.push(...fed.applied);
        }
        expect(applied).toEqual(EVENTS.map((event) => event.seq));
        expect(state.hash).toBe(HASHES[12]);
        expect(state.parked).toEqual([]);
      }),
    );
  });
});

describe("a gap", () => {
  it.each([
    { journal: { firstSeq: 1, lastSeq: 5 }, gap: undefined },
    { journal: { firstSeq: 3, lastSeq: 5 }, gap: undefined },
    { journal: { firstSeq: 0, lastSeq: 0 }, gap: undefined },
    { journal: { firstSeq: 6, lastSeq: 9 }, gap: { from: 3, to: 5 } },
    { journal: { firstSeq: 10, lastSeq: 9 }, gap: { from: 3, to: 9 } },
  ])("after 2, with a journal of $journal, is $gap", ({ journal, gap }) => {
    expect(gapBefore(at(2), journal)?.gap).toEqual(gap);
  });

  it("lets the next batch say what came before it", () => {
    const { next } = gapBefore(at(2), { firstSeq: 6, lastSeq: 9 })!;
    expect(feed(next, batch(6, 9)).state).toMatchObject({ seq: 9, hash: HASHES[9] });
  });
});
