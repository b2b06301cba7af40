import { expect, test } from "vitest";
import { emptyDevice } from "#contract/reducer";
import type { ConsoleFacts, LiveFacts } from "../console/core/facts.ts";
import { updateObstacles } from "./obstacles.ts";

const NOW_MS = 100_000;

/** A robot that stands in its dock and has nothing to do. */
function docked(live: object = {}, facts: object = {}): ConsoleFacts {
  const parts = {
    report: { atMs: NOW_MS - 50, drive: { state: "idle" } },
    robot: { speed: 0 },
    battery: { atMs: NOW_MS - 500, charge: 0.8, isCharging: true },
    drivers: { battery: { state: "ok", errors: 0 } },
    ...live,
  } as unknown as LiveFacts;
  const journal = { firstSeq: 1, lastSeq: 40, ackedSeq: 40 };
  return { nowMs: NOW_MS, state: emptyDevice("a"), journal, live: parts, ...facts } as unknown as ConsoleFacts;
}

const running = { contractId: "c-1", name: "pick-4521", status: "running", holds: [] };
const withContract = (contract: object): object => ({ state: { ...emptyDevice("a"), contracts: { "c-1": contract } } });

test("an idle robot in its dock may be updated, whether or not the cloud has all of its journal", () => {
  expect(updateObstacles(docked(), "persisted")).toEqual([]);
  const behind = docked({}, { journal: { firstSeq: 1, lastSeq: 40, ackedSeq: 12 } });
  expect(updateObstacles(behind, "persisted")).toEqual([]);
});

test.each([
  ["the robot drives: hold it first", docked({ report: { atMs: NOW_MS, drive: { state: "driving" } } })],
  ["the robot still moves: wait until it stands", docked({ robot: { speed: 0.2 } })],
  ["the motion loop has said nothing yet: whether the robot stands is not known", docked({ report: undefined })],
  [
    "the motion loop is silent: whether the robot stands is not known",
    docked({ report: { atMs: 0, drive: { state: "idle" } } }),
  ],
  ["the robot is not docked: it does not charge", docked({ battery: { atMs: NOW_MS, charge: 1, isCharging: false } })],
  [
    "the battery does not answer: whether the robot is docked is not known",
    docked({ battery: { atMs: 0, isCharging: true } }),
  ],
  ["the profile has no battery: whether the robot is docked is not known", docked({ drivers: {} })],
  ["the robot has contract pick-4521 (running): let it end, or release it", docked({}, withContract(running))],
  [
    "the robot has contract pick-4521 (held by cloud): let it end, or release it",
    docked({}, withContract({ ...running, status: "held", holds: [{ by: "cloud" }] })),
  ],
])("says why not: %s", (sentence, facts) => {
  expect(updateObstacles(facts, "persisted")).toEqual([sentence]);
});

test("events that can't be read back from the disk would be lost", () => {
  const behind = docked({}, { journal: { firstSeq: 1, lastSeq: 40, ackedSeq: 12 } });
  expect(updateObstacles(behind, "unwritten")).toEqual([
    "28 events that the cloud does not have could not be read back from the disk",
  ]);
});

test("of an agent that does not run, the dock is not known, and its contract is named as well", () => {
  const reasons = updateObstacles(
    { ...docked({}, withContract(running)), live: undefined } as unknown as ConsoleFacts,
    "persisted",
  );
  expect(reasons).toHaveLength(2);
  expect(reasons[0]).toMatch(/^the agent does not run/);
  expect(reasons[1]).toContain("pick-4521");
});
