import { describe, expect, it } from "vitest";
import type { Event } from "#contract/event";
import { eventSentence } from "./sentences.ts";

const fixAttempted = (data: Event["data"]): Event => eventOf("fix.attempted", data);

function eventOf(type: Event["type"], data: Event["data"]): Event {
  return {
    seq: 1,
    id: "019b8d2b-93d0-73c1-8bb7-f2686650c03c",
    at: "2026-01-05T08:00:00.000Z",
    monoMs: 0,
    clock: "synced",
    type,
    data,
  };
}

describe("the sentence of a fix", () => {
  it.each([
    [{ fix: "wait-for-resources", code: "tool_down", detail: "hand is down" }, "waits: hand is down"],
    [
      { fix: "lighter-mode", code: "energy_short", detail: "21 % of the battery" },
      "goes on with less (21 % of the battery): Pick the item",
    ],
    [{ fix: "retry", code: "driver_failed" }, "tries again: Pick the item"],
    [{ fix: "slower", code: "blocked" }, "tries again (slower): Pick the item"],
    [{ fix: "alternative", code: "blocked" }, "tries again (alternative): Pick the item"],
  ])("says of %o: %s", (data, sentence) => {
    expect(eventSentence(fixAttempted({ n: 1, ...data }), "Pick the item")).toBe(sentence);
  });
});

it("says of a refused contract what is wrong with it", () => {
  const problems = [{ path: "/stages/0/inputs/to", message: "the goal is occupied" }];
  const refused = eventOf("contract.rejected", { reason: "infeasible", problems });
  expect(eventSentence(refused, "")).toBe("refuses the contract (infeasible; the goal is occupied)");
});
