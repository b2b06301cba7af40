import { expect, it } from "vitest";
import type { LogEntry } from "#cloud/io/store-rows";
import type { Contract } from "#contract/contract";
import { exampleContract } from "#contract/example";
import type { Event } from "#contract/event";
import { accepted, completed, CONTRACT, journal, movement, STARTED, stageStarted } from "#contract/example-journal";
import { emptyDevice, foldEvents } from "#contract/reducer";
import { ALWAYS, violationsOf } from "./checkers.ts";
import type { Act, Conduct, Contact, Move, Trespass } from "./conduct.ts";
import type { DeviceEvidence, Evidence } from "./evidence.ts";

const JOURNAL = journal([
  { type: "boot", data: { start: "cold", bootId: "boot", software: "test", incarnation: "one" } },
  accepted([{ stageId: "pick", action: "pick" }]),
  STARTED,
  stageStarted("pick"),
  completed("pick"),
  movement("PICK", "SKU-7890", 1),
  { type: "contract.completed", data: { durationSeconds: 4, distance: 2, batteryUsed: 0 } },
]);
const DEVICE = deviceWith(JOURNAL);
const PICKED = {
  kind: "pick",
  atMs: 5000,
  robotId: "amr-07",
  key: `${CONTRACT}/pick/1`,
  site: "rack",
  sku: "SKU-7890",
  quantity: 1,
} as const;
const RUN: Evidence = {
  devices: [DEVICE],
  movements: [PICKED],
  ledger: [booked(JOURNAL[5]!)],
  contracts: [
    {
      contractId: CONTRACT,
      taskId: "task-1",
      deviceId: "amr-07",
      epoch: 1,
      revision: 1,
      session: "s",
      status: "completed",
      createdAt: JOURNAL[0]!.at,
    },
  ],
  orders: new Map([[CONTRACT, order()]]),
  cloudLog: [modeChange("projected", "reconciled"), modeChange("reconciled", "live")],
  conduct: { acts: [], moves: [], contacts: [], trespasses: [] },
  sizes: { messages: new Map(), timersMax: 0 },
};
const ACT: Act = {
  atMs: 0,
  deviceId: "amr-07",
  contractId: CONTRACT,
  taskId: "task-1",
  epoch: 1,
  type: "contract.started",
  at: JOURNAL[0]!.at,
  clock: "synced",
  charge: 0.9,
};
const LATER: Act = { ...ACT, atMs: 2, type: "stage.attempt" };
const MOVE: Move = { atMs: 5, deviceId: "amr-07", speed: 0.3, taskId: "task-1", epoch: 1, idleMs: 0, heldMs: 60_000 };
const CONTACT: Contact = {
  atMs: 1,
  deviceId: "amr-07",
  with: "map",
  pose: { x: 0, y: 0, yaw: 0 },
  speed: 1,
  wasSeen: true,
};
const TRESPASS: Trespass = { atMs: 1, deviceId: "amr-07", kind: "keepout", error: 0.01 };

it("blames nobody for a contact with what could not be seen in time, nor for a zone entered by one that was lost", () => {
  const excused = { contacts: [{ ...CONTACT, wasSeen: false }], trespasses: [{ ...TRESPASS, error: 0.5 }] };
  expect(violationsOf({ ...RUN, conduct: { ...RUN.conduct, ...excused } })).toEqual([]);
});

it("finds nothing in a run in which all went well", () => {
  expect(violationsOf(RUN)).toEqual([]);
});

it.each<[string, Partial<Evidence>]>([
  ["has no gap", withDevice({ journal: JOURNAL.filter(({ seq }) => seq !== 3) })],
  ["is a prefix of the journal", withDevice({ committed: [JOURNAL[0]!, JOURNAL[2]!] })],
  ["picked or placed twice", { movements: [PICKED, { ...PICKED, key: `${CONTRACT}/pick/2` }] }],
  ["what was not moved", { movements: [] }],
  ["never touches", conduct({ contacts: [CONTACT] })],
  ["keeps out of forbidden zones", conduct({ trespasses: [TRESPASS] })],
  ["moves only for a contract", conduct({ moves: [{ ...MOVE, idleMs: 10_000 }] })],
  ["faster than its contract allows", conduct({ moves: [{ ...MOVE, contractId: CONTRACT, speed: 3 }] })],
  ["one device works on a task", conduct({ acts: [ACT, { ...ACT, deviceId: "amr-08", epoch: 2, atMs: 1 }, LATER] })],
  ["one device works on a task", conduct({ acts: [{ ...ACT, deviceId: "amr-08", epoch: 2 }], moves: [MOVE] })],
  ["not in scope", conduct({ acts: [{ ...ACT, type: "stage.attempt", action: "place" }] })],
  ["not in scope", { movements: [PICKED, { ...PICKED, kind: "place" }] }],
  ["after a contract's time", conduct({ acts: [ACT, { ...ACT, type: "stage.attempt", atMs: 901_500 }] })],
  [
    "less battery",
    conduct({ acts: [{ ...ACT, type: "stage.attempt", stageId: order().stages[0]!.stageId, charge: 0 }] }),
  ],
  ["after a contract's time", conduct({ acts: [{ ...ACT, type: "stage.attempt", at: "2099-01-01T00:00:00.000Z" }] })],
  ["within bounds", { sizes: { messages: new Map([["amr-07", 100_000]]), timersMax: 1 } }],
  ["every contract has ended", { contracts: [{ ...RUN.contracts[0]!, status: "running" }] }],
  ["cloud and device agree how", { contracts: [{ ...RUN.contracts[0]!, status: "released" }] }],
  ["every device is live", withDevice({ view: { ...DEVICE.view!, mode: "projected" } })],
  ["fold to the same state", withDevice({ committed: JOURNAL.slice(0, 6) })],
  ["fold to the same state", { devices: [withoutState()] }],
  ["tell of the same movements", { ledger: [] }],
  ["tell of the same movements", { ledger: [RUN.ledger[0]!, RUN.ledger[0]!] }],
  ["tell of the same movements", { movements: [PICKED, { ...PICKED, key: "other/pick/1" }] }],
  ["every outage was reconciled", { cloudLog: [modeChange("projected", "live")] }],
])("notices that it is not so that … %s", (sentence, changes) => {
  const violations = violationsOf({ ...RUN, ...changes });
  expect(violations.some((violation) => violation.includes(sentence))).toBe(true);
});

it("asks of a run that goes on only what holds at any moment", () => {
  const underWay = deviceWith(JOURNAL.slice(0, 4), { committed: JOURNAL.slice(0, 2) });
  const run = { ...RUN, devices: [underWay], ledger: [], contracts: [{ ...RUN.contracts[0]!, status: "running" }] };
  expect(violationsOf(run as Evidence, ALWAYS)).toEqual([]);
});

function deviceWith(events: readonly Event[], changes: Partial<DeviceEvidence> = {}): DeviceEvidence {
  return {
    deviceId: "amr-07",
    journal: events,
    committed: events,
    state: foldEvents(emptyDevice("one"), events),
    view: {
      deviceId: "amr-07",
      mode: "live",
      source: "actual",
      at: JOURNAL[0]!.at,
      ageSeconds: 0,
      lastHeardAt: null,
      actions: [],
      journal: { incarnation: "one", committedSeq: events.length },
      activeContract: null,
    },
    memory: "whole",
    metrics: {
      distance: 2,
      meanSpeed: 1,
      movingSeconds: 2,
      minClearance: 1,
      collisions: [],
      violations: [],
      touches: 0,
      keepoutViolations: 0,
      speedViolations: 0,
      batteryUsed: 0,
    },
    ...changes,
  };
}

function withDevice(changes: Partial<DeviceEvidence>): Partial<Evidence> {
  return { devices: [{ ...DEVICE, ...changes }] };
}

function withoutState(): DeviceEvidence {
  const { state: _dead, ...rest } = DEVICE;
  return rest;
}

function conduct(changes: Partial<Conduct>): Partial<Evidence> {
  return { conduct: { ...RUN.conduct, ...changes } };
}

/** A contract that picks, within 900 s, no faster than 1.4 m/s. */
function order(): Contract {
  const contract = exampleContract();
  return {
    ...contract,
    scope: { actions: [{ action: "pick" }] },
    constraints: {
      ...contract.constraints,
      maxSpeed: 1.4,
      window: { ...contract.constraints.window, notAfter: "2098-12-31T00:00:00.000Z" },
    },
  };
}

function booked(event: Event): Evidence["ledger"][number] {
  const told = event.data as unknown as Evidence["ledger"][number]["movement"];
  return {
    partnerId: "holdfast",
    correlationId: told.correlation_id,
    warehouseId: "default",
    deviceId: "amr-07",
    contractId: CONTRACT,
    recordedAt: event.at,
    movement: told,
  };
}

function modeChange(from: string, to: string): LogEntry {
  return { id: 1, at: JOURNAL[0]!.at, type: "device.mode", deviceId: "amr-07", data: { from, to } };
}
