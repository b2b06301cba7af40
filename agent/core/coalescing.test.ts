import { describe, expect, test } from "vitest";
import { createCoalescing } from "./coalescing.ts";
import type { NewEvent } from "./ports.ts";

const notice = (text: string): NewEvent => ({ type: "notice", data: { kind: "test", text } });
const driver = (state: "ok" | "down"): NewEvent => ({ type: "driver.changed", data: { driver: "lidar", state } });

describe("coalescing", () => {
  test("admits six a minute and type, and merges the rest into the newest with a count", () => {
    const coalescing = createCoalescing();
    const admitted = Array.from({ length: 10 }, (_, at) => coalescing.admit(notice(`n${at}`), at * 1000));
    expect(admitted.filter(Boolean)).toHaveLength(6);
    expect(coalescing.nextDueMs()).toBe(60_000);
    expect(coalescing.due(59_999)).toEqual([]);
    expect(coalescing.due(60_000)).toEqual([{ type: "notice", data: { kind: "test", text: "n9", count: 4 } }]);
    expect(coalescing.due(60_000)).toEqual([]);
  });

  test("counts a merged event as written", () => {
    const coalescing = createCoalescing();
    for (let at = 0; at < 7; at++) coalescing.admit(notice("n"), at);
    coalescing.due(60_000);
    expect(Array.from({ length: 6 }, () => coalescing.admit(notice("n"), 60_010)).filter(Boolean)).toHaveLength(5);
  });

  test("keeps the order: what comes while something is merged is merged too", () => {
    const coalescing = createCoalescing();
    for (let at = 0; at < 7; at++) coalescing.admit(notice("early"), at);
    expect(coalescing.admit(notice("late"), 70_000)).toBe(false);
    expect(coalescing.due(70_000)).toMatchObject([{ data: { text: "late", count: 2 } }]);
  });

  test("counts each type by itself", () => {
    const coalescing = createCoalescing();
    for (let at = 0; at < 6; at++) coalescing.admit(notice("n"), at);
    expect(coalescing.admit(driver("down"), 10)).toBe(true);
  });

  test("never holds back what belongs to a contract, or a type that must always be written", () => {
    const coalescing = createCoalescing();
    const of = { contractId: "019b8ce6-1400-7000-8000-000000000001" };
    const refused: NewEvent = {
      type: "command.refused",
      data: { commandId: "c", command: "hold", reason: "bad_signature" },
    };
    for (let at = 0; at < 20; at++) {
      expect(coalescing.admit({ ...notice("n"), ...of }, at)).toBe(true);
      expect(coalescing.admit(refused, at)).toBe(true);
    }
    expect(coalescing.nextDueMs()).toBeUndefined();
  });

  test("hands out everything that is merged when it is drained", () => {
    const coalescing = createCoalescing();
    for (let at = 0; at < 8; at++) coalescing.admit(notice("n"), at);
    expect(coalescing.drain()).toMatchObject([{ data: { count: 2 } }]);
    expect(coalescing.drain()).toEqual([]);
  });
});
