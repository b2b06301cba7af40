import { expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { nextSteps } from "./next-steps.ts";
import { ALL_DONE, attemptAt, DRIVING, PICKING, situationAfter, STARTED, type Told } from "./situation-fixture.ts";

const LEASE_ENDED: Told = ["contract.held", undefined, { holdId: "lease-ended", by: "constraint" }];
const picking = attemptAt("pick", "pick");

/** The robot stands in an aisle, at 0, 0. */
const IN_AISLE = exampleContract({
  spatial: {
    ...exampleContract().spatial,
    zones: [
      {
        id: "aisle",
        kind: "work",
        polygon: [
          [-1, -1],
          [1, -1],
          [1, 1],
          [-1, 1],
        ],
      },
    ],
  },
});

interface Row {
  readonly name: string;
  readonly told: readonly Told[];
  readonly differs: Parameters<typeof situationAfter>[1];
  readonly steps: readonly object[];
}

const ROWS: readonly Row[] = [
  {
    name: "winds down when the lease ends",
    told: DRIVING,
    differs: { leaseRemainingMs: 0 },
    steps: [{ type: "wind-down" }],
  },
  {
    name: "lets the hand finish while it winds down",
    told: [...PICKING, LEASE_ENDED],
    differs: { leaseRemainingMs: -59_000, activity: { attempt: picking } },
    steps: [],
  },
  {
    name: "gives the contract up when the time to wind down is over",
    told: [...PICKING, LEASE_ENDED],
    differs: { leaseRemainingMs: -60_000, activity: { attempt: picking } },
    steps: [{ type: "expire" }],
  },
  {
    name: "finishes work that is done although the lease has ended",
    told: ALL_DONE,
    differs: { leaseRemainingMs: 0 },
    steps: [{ type: "finish" }],
  },
  {
    name: "gives a contract up that never began",
    told: [LEASE_ENDED],
    differs: { leaseRemainingMs: -1000 },
    steps: [{ type: "expire" }],
  },
  {
    name: "leaves the aisle before it gives the contract up",
    told: [...DRIVING, LEASE_ENDED],
    differs: { contract: IN_AISLE, leaseRemainingMs: -1000, job: { state: "wanted", kind: "stand-aside" } },
    steps: [{ type: "start-plan", stages: [{ stageId: "leave-aisle" }] }],
  },
  {
    name: "stays where it is when a restart has not been compared with the world yet",
    told: [...DRIVING, LEASE_ENDED],
    differs: {
      contract: IN_AISLE,
      leaseRemainingMs: -1000,
      job: { state: "wanted", kind: "stand-aside" },
      activity: { environment: { sinceMs: 59_000, isFelt: true } },
    },
    steps: [{ type: "start-plan", stages: [] }],
  },
  {
    name: "waits until it has left the aisle",
    told: [...DRIVING, LEASE_ENDED],
    differs: { leaseRemainingMs: -1000, job: { state: "running" } },
    steps: [],
  },
  {
    name: "gives the contract up in time although it has not left the aisle yet",
    told: [...DRIVING, LEASE_ENDED],
    differs: { leaseRemainingMs: -60_001, job: { state: "running" } },
    steps: [{ type: "expire" }],
  },
  {
    name: "goes on when the lease is renewed while it winds down",
    told: [...STARTED, LEASE_ENDED],
    differs: { leaseRemainingMs: 900_000, job: { state: "running" } },
    steps: [{ type: "resume", holdId: "lease-ended", by: "constraint" }],
  },
];

it.each(ROWS)("a contract $name", ({ told, differs, steps }) => {
  expect(nextSteps(situationAfter(told, differs))).toMatchObject(steps);
});
