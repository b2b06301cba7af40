import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { nextSteps } from "./next-steps.ts";
import type { Attempt, ToolResult } from "./situation.ts";
import {
  ALL_DONE,
  AT_RACK,
  attemptAt,
  DRIVING,
  PICKING,
  situationAfter,
  STARTED,
  type ActivityTold,
  type Told,
} from "./situation-fixture.ts";
import type { Step } from "./step.ts";

type Differs = NonNullable<Parameters<typeof situationAfter>[1]>;

interface Row {
  readonly name: string;
  readonly told: readonly Told[];
  readonly differs?: Differs;
  readonly steps: readonly object[];
}

const { contractId } = exampleContract();
const CANCELLED: Told = ["contract.cancelled", undefined, { reason: "cancelled" }];
const held = (by: string, holdId = "x"): Told => ["contract.held", undefined, { holdId, by, reason: "why" }];
const drive = attemptAt("go-to-rack", "navigate", { startedMs: 59_000 });
const picking = attemptAt("pick", "pick");
const ended = (result: ToolResult): Attempt => ({ ...picking, result });
const asked = { contractId, stageId: "pick", n: 1, startedMs: 59_000 };
const pickedOutput = { sku: "SKU-7890", quantity: 1 };
const failedPick = (strategy: string, code = "driver_failed"): Told => [
  "stage.failed",
  "pick",
  { code, severity: "moderate", detail: "", attempt: 1, strategy },
];
const interrupt = (cause: string): readonly object[] => [{ type: "interrupt", cause }];

const START: readonly Row[] = [
  { name: "starts a contract that was accepted", told: [], steps: [{ type: "start-contract" }] },
  {
    name: "waits until it knows where the robot is",
    told: [],
    differs: { robot: { pose: undefined } as never },
    steps: [],
  },
  { name: "starts nothing while the robot itself is starting", told: [], differs: { safety: "starting" }, steps: [] },
  { name: "starts nothing while an order is on its way", told: STARTED, differs: { isOrderPending: true }, steps: [] },
  { name: "starts the first stage", told: STARTED, steps: [{ type: "start-stage", stageId: "go-to-rack" }] },
  {
    name: "attempts the stage that was started",
    told: [...STARTED, ["stage.started", "go-to-rack", { action: "navigate" }]],
    steps: [{ type: "attempt", stageId: "go-to-rack", n: 1 }],
  },
  {
    name: "goes on with the stage after the completed one",
    told: AT_RACK,
    steps: [{ type: "start-stage", stageId: "pick" }],
  },
  { name: "finishes when all stages are done", told: ALL_DONE, steps: [{ type: "finish" }] },
  {
    name: "does not start what cannot be undone when the lease may end before it does",
    told: [...AT_RACK, ["stage.started", "pick", { action: "pick" }]],
    differs: { leaseRemainingMs: 59_000 },
    steps: [],
  },
  {
    name: "lets go when a tool is missing that the stage cannot do without",
    told: AT_RACK,
    differs: { robot: { tools: { base: "ok" } } },
    steps: [
      {
        type: "recover",
        failure: { code: "resources", detail: "tool_missing: the device has no load", stageId: "pick" },
        decision: { strategy: "reassign" },
      },
    ],
  },
  {
    name: "recovers from an assumption that is false before it starts the stage",
    told: STARTED,
    differs: {
      contract: exampleContract({ assumptions: [{ id: "full", expr: "robot.battery > 0.9", severity: "major" }] }),
    },
    steps: [
      {
        type: "recover",
        failure: { code: "assumption_drifted", severity: "major" },
        drift: [{ assumptionId: "full" }],
      },
    ],
  },
  {
    name: "never attempts an action that is out of scope",
    told: [...AT_RACK, ["stage.started", "pick", { action: "pick" }]],
    differs: { contract: exampleContract({ scope: { actions: [{ action: "navigate" }] } }) },
    steps: [{ type: "recover", failure: { code: "out_of_scope" } }],
  },
  {
    name: "counts attempts against the scope's limit",
    told: [...PICKING, ["stage.verified", "pick", { n: 1, answer: "not-done" }]],
    differs: {
      contract: exampleContract({
        scope: { actions: [{ action: "navigate" }, { action: "pick", limits: { maxCount: 1 } }] },
      }),
    },
    steps: [{ type: "recover", failure: { code: "out_of_scope" } }],
  },
];

const ENDED: readonly Row[] = [
  {
    name: "completes a stage whose action is done",
    told: PICKING,
    differs: { activity: { attempt: ended({ type: "done", output: pickedOutput }) } },
    steps: [{ type: "complete-stage", stageId: "pick", output: pickedOutput, isVerified: false }],
  },
  {
    name: "recovers when the output is not what was asked for, and says what happened",
    told: PICKING,
    differs: { activity: { attempt: ended({ type: "done", output: { ...pickedOutput, quantity: 2 } }) } },
    steps: [{ type: "recover", failure: { code: "validation_failed", effect: "happened" }, output: { quantity: 2 } }],
  },
  {
    name: "recovers from a failure",
    told: PICKING,
    differs: { activity: { attempt: ended({ type: "failed", code: "driver_failed", detail: "slipped" }) } },
    steps: [{ type: "recover", failure: { code: "driver_failed", attempt: 1 }, decision: { strategy: "fix" } }],
  },
  {
    name: "asks the tool about an attempt in doubt before it counts as failed",
    told: PICKING,
    differs: { activity: { attempt: ended({ type: "in-doubt", code: "driver_timeout", detail: "" }) } },
    steps: [{ type: "verify", stageId: "pick", n: 1, cause: { code: "driver_timeout" } }],
  },
  {
    name: "asks the tool about a pick that took too long",
    told: PICKING,
    differs: { activity: { attempt: { ...ended({ type: "interrupted" }), interruption: "timeout" } } },
    steps: [{ type: "verify", stageId: "pick", cause: { code: "timeout" } }],
  },
  {
    name: "forgets an attempt that something newer has overtaken",
    told: [...PICKING, failedPick("retry")],
    differs: { activity: { attempt: ended({ type: "done", output: pickedOutput }) } },
    steps: [{ type: "forget-attempt" }],
  },
  {
    name: "records what a cancelled contract's action still did",
    told: [...PICKING, CANCELLED],
    differs: { activity: { attempt: ended({ type: "done", output: pickedOutput }) } },
    steps: [{ type: "complete-stage", stageId: "pick" }],
  },
];

const DOUBT: readonly Row[] = [
  {
    name: "asks about an attempt that a crash left open",
    told: PICKING,
    steps: [{ type: "verify", stageId: "pick", n: 1 }],
  },
  {
    name: "asks even while held, because asking moves nothing",
    told: [...PICKING, held("cloud")],
    steps: [{ type: "verify", stageId: "pick" }],
  },
  { name: "waits for the answer", told: PICKING, differs: { activity: { inquiry: asked } }, steps: [] },
  {
    name: "completes without repeating when the tool says done",
    told: PICKING,
    differs: { activity: { inquiry: { ...asked, answer: { answer: "done", output: pickedOutput } } } },
    steps: [{ type: "complete-stage", stageId: "pick", isVerified: true }],
  },
  {
    name: "notes that it was not done",
    told: PICKING,
    differs: { activity: { inquiry: { ...asked, answer: { answer: "not-done" } } } },
    steps: [{ type: "note-not-done", stageId: "pick", n: 1 }],
  },
  {
    name: "lets the policy answer a failure without an effect",
    told: PICKING,
    differs: {
      activity: { inquiry: { ...asked, cause: { code: "timeout", detail: "" }, answer: { answer: "not-done" } } },
    },
    steps: [{ type: "note-not-done" }, { type: "recover", failure: { code: "timeout" } }],
  },
  {
    name: "gives up when nobody knows",
    told: PICKING,
    differs: { activity: { inquiry: { ...asked, answer: { answer: "unknown", detail: "no memory" } } } },
    steps: [{ type: "give-up-doubt", stageId: "pick", detail: "no memory" }],
  },
  {
    name: "does not repeat an effect that happened when a human lets it go on, but asks again",
    told: [
      ...PICKING,
      ["stage.verified", "pick", { n: 1, answer: "done" }],
      failedPick("escalate", "validation_failed"),
    ],
    steps: [{ type: "verify", stageId: "pick", n: 1 }],
  },
  {
    name: "tries again under the next number what was not done",
    told: [...PICKING, ["stage.verified", "pick", { n: 1, answer: "not-done" }]],
    steps: [{ type: "attempt", stageId: "pick", n: 2 }],
  },
  {
    name: "asks after the end of a contract, too",
    told: [...PICKING, CANCELLED],
    steps: [{ type: "verify", stageId: "pick" }],
  },
  { name: "asks nothing about a drive once the contract is over", told: [...DRIVING, CANCELLED], steps: [] },
];

const STANDING: readonly Row[] = [
  {
    name: "withdraws a drive when held",
    told: [...DRIVING, held("cloud")],
    differs: { activity: { attempt: drive } },
    steps: interrupt("withdrawn"),
  },
  {
    name: "lets a pick finish when held",
    told: [...PICKING, held("cloud")],
    differs: { activity: { attempt: picking } },
    steps: [],
  },
  { name: "waits while held", told: [...AT_RACK, held("cloud")], steps: [] },
  {
    name: "places its own hold while the robot may not move",
    told: AT_RACK,
    differs: { safety: "stopped", safetyReason: "lidar" },
    steps: [{ type: "hold", holdId: "safety", by: "safety", reason: "lidar" }],
  },
  {
    name: "clears its own hold, and no other",
    told: [...AT_RACK, held("safety", "safety"), held("cloud", "safety")],
    steps: [{ type: "resume", holdId: "safety", by: "safety" }],
  },
  {
    name: "holds while the lease is unknown",
    told: AT_RACK,
    differs: { leaseRemainingMs: "unknown" },
    steps: [{ type: "hold", holdId: "lease", by: "constraint" }],
  },
  {
    name: "withdraws a drive of a contract that was cancelled",
    told: [...DRIVING, CANCELLED],
    differs: { activity: { attempt: drive } },
    steps: interrupt("withdrawn"),
  },
  {
    name: "leaves the tools to another contract's last action",
    told: STARTED,
    differs: { activity: { attempt: { ...picking, contractId: "another" } } },
    steps: [],
  },
];

const WALLS: readonly Row[] = [
  {
    name: "answers a violation by the policy",
    told: DRIVING,
    differs: { robot: { battery: 0.1 }, activity: { attempt: drive } },
    steps: [{ type: "recover", failure: { code: "battery_low" }, violation: { code: "battery_low" } }],
  },
  {
    name: "lets a pick finish before it answers one",
    told: PICKING,
    differs: { robot: { battery: 0.1 }, activity: { attempt: picking } },
    steps: [],
  },
  {
    name: "answers one once, then waits for the back-off",
    told: [...AT_RACK, failedPick("retry", "battery_low")],
    differs: {
      robot: { battery: 0.1 },
      activity: { retryAtMs: { [`${contractId}/pick`]: 61_000 } } as ActivityTold,
    },
    steps: [],
  },
  {
    name: "does not answer one again that a hold waits for",
    told: [...AT_RACK, failedPick("escalate", "battery_low"), held("policy", "escalation:pick")],
    differs: { robot: { battery: 0.1 } },
    steps: [],
  },
  {
    name: "ends an action whose time is over",
    told: PICKING,
    differs: { activity: { attempt: { ...picking, startedMs: 0 } } },
    steps: interrupt("timeout"),
  },
  {
    name: "says once that an action's time is over",
    told: PICKING,
    differs: { activity: { attempt: { ...picking, startedMs: 0, interruption: "timeout" } } },
    steps: [],
  },
];

const REPORTS: readonly Row[] = [
  {
    name: "says nothing while a drive has just begun",
    told: DRIVING,
    differs: { activity: { attempt: drive }, robot: { remaining: 4 } },
    steps: [],
  },
  {
    name: "reports progress every three seconds and an estimate every ten",
    told: DRIVING,
    differs: { activity: { attempt: { ...drive, startedMs: 50_000 } }, robot: { remaining: 4 } },
    steps: [{ type: "report-progress" }, { type: "report-estimate" }],
  },
  {
    name: "estimates anew when the way has become much longer",
    told: DRIVING,
    differs: {
      activity: { attempt: drive, progressAtMs: 59_000, estimate: { atMs: 57_000, wayLength: 4 } },
      robot: { remaining: 9 },
    },
    steps: [{ type: "report-estimate" }],
  },
];

describe("the next steps of a contract", () => {
  for (const [topic, rows] of Object.entries({ START, ENDED, DOUBT, STANDING, WALLS, REPORTS })) {
    it.each(rows)(`${topic.toLowerCase()}: $name`, ({ told, differs, steps }) => {
      expect(nextSteps(situationAfter(told, differs))).toMatchObject(steps as Step[]);
    });
  }
});

describe("a revision that takes the stage under way away", () => {
  it("withdraws its drive", () => {
    const situation = situationAfter(DRIVING, { activity: { attempt: drive } });
    const stages = situation.contract.stages.filter((stage) => stage.stageId !== "go-to-rack");
    const revised = { ...situation, contract: { ...situation.contract, stages } };
    expect(nextSteps(revised)).toMatchObject(interrupt("withdrawn"));
  });

  it("asks nothing about it and goes on with what is left", () => {
    const situation = situationAfter(DRIVING);
    const stages = situation.contract.stages.filter((stage) => stage.stageId !== "go-to-rack");
    const revised = { ...situation, contract: { ...situation.contract, stages } };
    expect(nextSteps(revised)).toMatchObject([{ type: "start-stage", stageId: "pick" }]);
  });
});
