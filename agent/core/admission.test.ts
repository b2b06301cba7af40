import { describe, expect, test } from "vitest";
import type { Contract } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { emptyDevice, foldEvent } from "#contract/reducer";
import type { DeviceState, StageState } from "#contract/state";
import type { ContractStatus } from "#contract/status";
import { admit, type Arrival } from "./admission.ts";

const contract = exampleContract({ epoch: 5 });
const { contractId, taskId } = contract;
const OTHER_ID = "019b8ce6-1400-7000-8000-00000000000f";
const issuedMs = Date.parse(contract.issuedAt);

const idle = emptyDevice("inc");

const arrival: Arrival = {
  deviceId: contract.deviceId,
  session: contract.session,
  receivedAt: { bootId: "boot", monoMs: 0, wallMs: issuedMs + 100, clock: "synced" },
  abilities: { actions: ["navigate", "pick", "place"], tools: ["base", "load"], battery: 0.9 },
  revoked: [],
  hasMovedOn: false,
};

/** A device with a contract in its second revision and first local plan. */
function holding(id: string, status: ContractStatus): DeviceState {
  const data = {
    taskId,
    stages: contract.stages.map(({ stageId, action }) => ({ stageId, action })),
    lease: contract.lease,
    session: contract.session,
    hash: "00",
    offline: contract.failurePolicy.offline,
  };
  const accepted = foldEvent(idle, {
    seq: 9,
    id: OTHER_ID,
    at: contract.issuedAt,
    monoMs: 0,
    clock: "synced",
    type: "contract.accepted",
    contractId: id,
    revision: 2,
    epoch: 5,
    data,
  });
  const known = { ...accepted.contracts[id]!, status, localRevision: 1 };
  return { ...accepted, contracts: { [id]: known } };
}

function withStage(device: DeviceState, stageId: string, more: Partial<StageState>): DeviceState {
  const known = device.contracts[contractId]!;
  const stages = known.stages.map((stage) => (stage.stageId === stageId ? { ...stage, ...more } : stage));
  return { ...device, contracts: { [contractId]: { ...known, stages } } };
}

const running = holding(contractId, "running");
const picking = withStage(running, "pick", { status: "started", attempts: 1 });
const fitting = { revision: 2, localRevision: 1, journalSeq: 9 };
const late = { ...arrival.receivedAt, wallMs: issuedMs + 1_801_000 };

function withJournal(journalShare: number): Partial<Arrival> {
  return { abilities: { ...arrival.abilities, journalShare } };
}

interface Row {
  readonly name: string;
  readonly contract?: Partial<Contract>;
  readonly state?: DeviceState;
  readonly arrival?: Partial<Arrival>;
  readonly outcome: string;
}

const ROWS: readonly Row[] = [
  { name: "an able and idle device takes it on", outcome: "accept" },
  { name: "less than nine tenths of the journal are used", arrival: withJournal(0.89), outcome: "accept" },
  { name: "nine tenths of the journal are used", arrival: withJournal(0.9), outcome: "infeasible" },
  { name: "another device's contract", arrival: { deviceId: "amr-08" }, outcome: "wrong_device" },
  { name: "one signed for another session", arrival: { session: "session-2" }, outcome: "stale_session" },
  { name: "one that was revoked before it came", arrival: { revoked: [contractId] }, outcome: "stale_epoch" },
  { name: "a lower epoch of the task", state: { ...idle, epochs: { [taskId]: 6 } }, outcome: "stale_epoch" },
  { name: "an equal epoch of the task", state: { ...idle, epochs: { [taskId]: 5 } }, outcome: "accept" },
  { name: "a task named like an object's member", contract: { taskId: "constructor" }, outcome: "accept" },
  {
    name: "a window that has passed",
    contract: { constraints: { ...contract.constraints, window: { notAfter: "2026-01-05T08:00:00.000Z" } } },
    outcome: "expired",
  },
  { name: "a lease that is over since it was issued", arrival: { receivedAt: late }, outcome: "expired" },
  {
    name: "the same on a clock that was never set",
    arrival: { receivedAt: { ...late, clock: "unsynced" } },
    outcome: "accept",
  },
  { name: "one beside an active contract", state: holding(OTHER_ID, "held"), outcome: "busy" },
  { name: "one after a contract that ended", state: holding(OTHER_ID, "completed"), outcome: "accept" },
  {
    name: "one that the battery does not allow",
    arrival: { abilities: { ...arrival.abilities, battery: 0.1 } },
    outcome: "infeasible",
  },
  { name: "the revision that is stored", contract: { revision: 2 }, state: running, outcome: "known" },
  {
    name: "the revision that is stored, in another session",
    contract: { revision: 2 },
    state: running,
    arrival: { session: "x" },
    outcome: "known",
  },
  { name: "an older revision", contract: { revision: 1 }, state: running, outcome: "invalid /revision" },
  {
    name: "a revision that replaces what is there",
    contract: { revision: 3, replaces: fitting },
    state: running,
    outcome: "accept",
  },
  {
    name: "a revision that names nothing it replaces",
    contract: { revision: 3 },
    state: running,
    outcome: "stale plan",
  },
  {
    name: "a revision of another local plan",
    contract: { revision: 3, replaces: { ...fitting, localRevision: 0 } },
    state: running,
    outcome: "stale plan",
  },
  {
    name: "a revision of stages that moved on meanwhile",
    contract: { revision: 3, replaces: fitting },
    state: running,
    arrival: { hasMovedOn: true },
    outcome: "stale plan",
  },
  {
    name: "a revision of a contract that ended",
    contract: { revision: 3, replaces: fitting },
    state: holding(contractId, "completed"),
    outcome: "invalid /contractId",
  },
  {
    name: "a revision that changes the task",
    contract: { revision: 3, replaces: fitting, taskId: "task-2" },
    state: running,
    outcome: "invalid /taskId",
  },
  {
    name: "a revision that keeps a pick that was begun",
    contract: { revision: 3, replaces: fitting, stages: contract.stages.slice(1) },
    state: picking,
    outcome: "accept",
  },
  {
    name: "a revision that drops a pick that was begun",
    contract: { revision: 3, replaces: fitting, stages: contract.stages.slice(2) },
    state: picking,
    outcome: "invalid /stages",
  },
  { name: "a plan for a contract that is not here", contract: { replaces: fitting }, outcome: "invalid /replaces" },
  {
    name: "a revision with an older epoch",
    contract: { revision: 3, replaces: fitting, epoch: 4 },
    state: running,
    outcome: "stale_epoch",
  },
];

describe("admit", () => {
  test.each(ROWS)("$name: $outcome", (row) => {
    const admission = admit({ ...contract, ...row.contract }, row.state ?? idle, { ...arrival, ...row.arrival });
    const outcomes =
      admission.kind === "refuse"
        ? [
            admission.refusal.reason,
            `${admission.refusal.reason} ${admission.refusal.problems[0]?.path}`,
            admission.refusal.isStalePlan ? "stale plan" : "",
          ]
        : [admission.kind];
    expect(outcomes).toContain(row.outcome);
  });
});
