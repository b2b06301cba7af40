import { expect, test } from "vitest";
import { silentLog } from "#lib/log";
import { VirtualClock } from "#lib/virtual-clock";
import type { Event } from "#contract/event";
import { emptyDevice } from "#contract/reducer";
import { startClockWatch } from "./clock-watch.ts";
import type { Journal, NewEvent } from "./core/ports.ts";

function watched(): { clock: VirtualClock; written: NewEvent[]; watch: Disposable } {
  const clock = new VirtualClock();
  const written: NewEvent[] = [];
  const journal: Journal = {
    state: () => emptyDevice("inc"),
    contract: () => undefined,
    onAppended: () => () => undefined,
    append: async (events): Promise<readonly Event[]> => {
      written.push(...events);
      return [];
    },
  };
  clock.stepWall(0, "unsynced");
  return { clock, written, watch: startClockWatch({ clock, journal, log: silentLog }) };
}

test("notes by how much the clock was set, and when it is set again", async () => {
  const { clock, written } = watched();
  await clock.advance(10_000);
  expect(written).toEqual([]);
  clock.stepWall(3_600_000, "synced");
  await clock.advance(2000);
  expect(written).toEqual([{ type: "clock.synced", data: { stepMs: 3_600_000, wallAt: "2026-01-05T09:00:11.000Z" } }]);
  clock.stepWall(-700);
  await clock.advance(5000);
  expect(written.slice(1)).toMatchObject([{ data: { stepMs: -700 } }]);
});

test("ignores steps of a clock that nobody trusts, and small ones", async () => {
  const { clock, written } = watched();
  clock.stepWall(3_600_000);
  await clock.advance(2000);
  clock.stepWall(0, "synced");
  await clock.advance(2000);
  expect(written).toMatchObject([{ data: { stepMs: 0 } }]);
  clock.stepWall(100);
  await clock.advance(2000);
  expect(written).toHaveLength(1);
});

test("is silent after its end", async () => {
  const { clock, written, watch } = watched();
  watch[Symbol.dispose]();
  clock.stepWall(1000, "synced");
  await clock.advance(5000);
  expect(written).toEqual([]);
  expect(clock.nextDueMs()).toBeUndefined();
});
