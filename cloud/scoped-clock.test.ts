import { expect, it } from "vitest";
import { VirtualClock } from "#lib/virtual-clock";
import { scopeClock } from "./scoped-clock.ts";

it("fires its timers until it is disposed of, and none that is set afterwards", async () => {
  const clock = new VirtualClock();
  const scoped = scopeClock(clock);
  const fired: string[] = [];
  scoped.after(10, () => fired.push("early"));
  scoped.after(10, () => fired.push("called off"))();
  scoped.after(30, () => fired.push("late"));
  await clock.advance(20);
  scoped[Symbol.dispose]();
  scoped.after(5, () => fired.push("afterwards"));
  await clock.advance(100);
  expect(fired).toEqual(["early"]);
});
