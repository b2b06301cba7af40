import { expect, test } from "vitest";
import { carriedOver, judgePin, lockedMs, missed, NO_MISSES, type Misses } from "./pins.ts";

const BOOT = { bootId: "one", nowMs: 10_000 };

function missedTimes(times: number): Misses {
  let misses = NO_MISSES;
  for (let count = 0; count < times; count++) misses = missed(misses, BOOT);
  return misses;
}

test.each([
  { times: 2, lock: 0 },
  { times: 3, lock: 60_000 },
  { times: 6, lock: 120_000 },
  { times: 9, lock: 240_000 },
  { times: 300, lock: 86_400_000 },
])("$times wrong PINs lock for $lock ms", ({ times, lock }) => {
  expect(lockedMs(missedTimes(times), BOOT)).toBe(lock);
});

test("a lock ends with its time, on the boot clock", () => {
  expect(lockedMs(missedTimes(3), { ...BOOT, nowMs: 69_999 })).toBe(1);
  expect(lockedMs(missedTimes(3), { ...BOOT, nowMs: 70_000 })).toBe(0);
});

test("after a reboot the lock begins anew, because nobody knows how long it was dark", () => {
  const after = { bootId: "two", nowMs: 500 };
  expect(lockedMs(carriedOver(missedTimes(3), after), after)).toBe(60_000);
  expect(lockedMs(missedTimes(3), after)).toBe(60_000);
});

test.each(["1234", "correct-horse"])("%s is a PIN", (pin) => expect(judgePin(pin)).toBeUndefined());
test.each(["", "123", "12 34", "a\u0000bcd", "x".repeat(65)])("%j is none", (pin) =>
  expect(judgePin(pin)).toBeDefined(),
);
