import { describe, expect, it } from "vitest";
import type { EventData } from "#contract/event-data";
import type { EventBody } from "./event-parts.ts";
import { noticedIn, noticesOf, type Noticed } from "./notices.ts";
import { AT_RACK, DRIVING, PICKED, situationAfter, STARTED } from "./situation-fixture.ts";
import type { Situation } from "./situation.ts";

function estimate(secondsRemaining: number): EventBody {
  const data: EventData<"estimate"> = {
    pose: [0, 0, 0],
    battery: 0.8,
    route: [],
    speed: 0.5,
    stageSecondsRemaining: 0,
    secondsRemaining,
    confidence: 0.7,
    nextStages: [],
    topSpeed: 1,
    drainPerSecond: 0,
  };
  return { type: "estimate", data };
}

function stageDone(stageId: string): EventBody {
  const data = { output: {}, durationSeconds: 1, attempts: 1, distance: 1, batteryUsed: 0 };
  return { type: "stage.completed", stageId, data };
}

/** A minute after the acceptance, when people were told that so many seconds are left. */
function expecting(secondsRemaining: number): Situation {
  const { contract, now } = situationAfter(DRIVING);
  const noticed: Noticed = {
    contractId: contract.contractId,
    endMs: now.monoMs + secondsRemaining * 1000,
    secondsRemaining,
  };
  return situationAfter(DRIVING, { activity: { noticed } });
}

const TITLE = "Bring one SKU-7890 from the rack to the station";
const exception = (severity: "LOW" | "HIGH"): EventBody => ({
  type: "exception",
  data: { code: "effect_unknown", severity, detail: "nobody knows" },
});
const NEWS: readonly { name: string; events: readonly EventBody[]; situation?: Situation; data: readonly object[] }[] =
  [
    {
      name: "the start, with an estimate",
      events: [{ type: "contract.started", data: {} }, estimate(95)],
      data: [{ kind: "started", text: `${TITLE} has started, about 2 min`, secondsRemaining: 95, totalStages: 4 }],
    },
    {
      name: "a stage that is done",
      events: [stageDone("pick"), estimate(40)],
      situation: situationAfter(AT_RACK),
      data: [
        {
          kind: "progress",
          text: `${TITLE}: 2 of 4 stages done (Have the item on board), about 40 s left`,
          stagesCompleted: 2,
          secondsRemaining: 40,
          confidence: 0.7,
        },
      ],
    },
    {
      name: "an end that is much later than people were told",
      events: [estimate(130)],
      situation: expecting(100),
      data: [{ kind: "progress", text: "the end is 30 s later than expected, about 2 min left" }],
    },
    {
      name: "an end that is much earlier",
      events: [estimate(60)],
      situation: expecting(100),
      data: [{ kind: "progress", text: "the end is 40 s earlier than expected, about 60 s left" }],
    },
    {
      name: "the end, with a summary",
      events: [{ type: "contract.completed", data: { durationSeconds: 200, distance: 31.4, batteryUsed: 0.012 } }],
      situation: situationAfter(PICKED),
      data: [
        {
          kind: "finished",
          outcome: "completed",
          text: `${TITLE} is done: 2 of 4 stages in 3 min, 31 m and 1.2 % of the battery`,
        },
      ],
    },
    {
      name: "another end, and that a human is needed for what is left",
      events: [{ type: "contract.aborted", data: { reason: "blocked", detail: "a wall" } }, exception("HIGH")],
      data: [
        { kind: "finished", outcome: "aborted", text: `${TITLE} ended as aborted after 0 of 4 stages: a wall` },
        { kind: "needs-human", code: "effect_unknown" },
      ],
    },
  ];
const NO_NEWS: readonly { name: string; events: readonly EventBody[]; situation?: Situation }[] = [
  { name: "an end that moves a little", events: [estimate(115)], situation: expecting(100) },
  { name: "an end that moves by a fifth of next to nothing", events: [estimate(20)], situation: expecting(10) },
  { name: "an estimate after a restart, when nobody remembers what was said", events: [estimate(500)] },
  { name: "an attempt", events: [{ type: "stage.attempt", data: { n: 1, idempotencyKey: "k" } }] },
  { name: "an exception that nobody has to see now", events: [exception("LOW")] },
  { name: "a stage that starts", events: [{ type: "stage.started", data: { action: "pick" } }, estimate(100)] },
];

describe("people are told of", () => {
  it.each(NEWS)("$name", ({ events, situation = situationAfter(STARTED), data }) => {
    expect(noticesOf(events, situation)).toMatchObject(data.map((each) => ({ type: "notice", data: each })));
  });
});

describe("people are not told of", () => {
  it.each(NO_NEWS)("$name", ({ events, situation = situationAfter(STARTED) }) => {
    expect(noticesOf(events, situation)).toEqual([]);
  });
});

describe("what is remembered", () => {
  it("is the end that people were told, and only that", () => {
    const situation = situationAfter(STARTED);
    const told: EventBody = { type: "notice", data: { kind: "started", text: "" } };
    expect(noticedIn([estimate(90), told], situation)).toMatchObject({ endMs: 150_000, secondsRemaining: 90 });
    expect(noticedIn([estimate(90)], situation)).toBeUndefined();
  });
});
