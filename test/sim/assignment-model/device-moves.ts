import { admit } from "#agent/core/admission";
import { grantLease, leaseRemainingMs, renewLease, type LeaseAnchor, type Moment } from "#agent/core/lease";
import type { Contract, Lease } from "#contract/contract";
import type { Event } from "#contract/event";
import { exampleContract } from "#contract/example";
import { activeContract, emptyDevice, foldEvents } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import { holdsLock } from "#contract/status";
import { timestamp } from "#lib/clock";
import {
  DEVICE_IDS,
  type Activity,
  type Assumptions,
  type DeviceId,
  type DevicePart,
  type Entry,
  type Guards,
  type Move,
  type Row,
  type WireMessage,
  type World,
} from "./world.ts";

export const TASK = "task-1";
export const LEASE: Lease = { durationSeconds: 20, windDownSeconds: 5 };
const ORIGIN_MS = Date.parse("2026-01-05T08:00:00.000Z");
const ABILITIES = { actions: ["navigate", "pick", "place"], tools: ["base", "load"], battery: 0.9 };

/** What a device can do of its own accord, and what can happen to it. */
export function deviceMoves(world: World, activity: Activity, assumptions: Assumptions): Move[] {
  return DEVICE_IDS.flatMap((id) => {
    const device = world.devices[id];
    return [
      ...(activity.picks ? workMoves(world, id, assumptions) : []),
      ...(activity.renewals ? beatMoves(world, id, device) : []),
      ...linkMoves(world, id, device),
      ...rebootMoves(world, id, device),
    ];
  });
}

/** Whether a device may move for the task now: a contract of it is under way, and its lease, wind-down included, is not over. */
export function mayAct(world: World, id: DeviceId, assumptions: Assumptions): boolean {
  const device = world.devices[id];
  const active = activeContract(stateOf(id, device.journal));
  const anchor = device.anchors.find(({ contractId }) => contractId === active?.contractId);
  return (
    active !== undefined && anchor !== undefined && isRunning(anchor, momentOf(world, id, assumptions), assumptions)
  );
}

/** The contracts that end by themselves as time passes: each device writes that its lease is over. */
export function expireLeases(world: World, assumptions: Assumptions): World {
  return DEVICE_IDS.reduce((before, id) => {
    const device = before.devices[id];
    const active = activeContract(stateOf(id, device.journal));
    const anchor = device.anchors.find(({ contractId }) => contractId === active?.contractId);
    const isOver =
      active &&
      anchor &&
      !isRunning(anchor, momentOf(before, id, assumptions), { ...assumptions, holdsWhenUnknown: false });
    return isOver
      ? withEntry(before, id, { type: "contract.expired", contractId: active.contractId, epoch: active.epoch })
      : before;
  }, world);
}

/** What a message does to the device that it is for; undefined while the device cannot get it. */
export function deliverToDevice(
  world: World,
  message: Extract<WireMessage, { kind: "contract" | "revoke" | "ack" }>,
  guards: Guards,
  assumptions: Assumptions,
): World | undefined {
  const id = message.kind === "contract" ? message.row.deviceId : message.to;
  const device = world.devices[id];
  if (device.link === "down") return undefined;
  switch (message.kind) {
    case "contract":
      return takeContract(world, id, message.row, guards, assumptions);
    case "revoke":
      return takeRevoke(world, id, message.contractId);
    case "ack":
      return message.session === device.session ? takeAck(world, message, assumptions) : world;
  }
}

/** The fold of a journal, by the product's reducer. */
export function stateOf(id: DeviceId, journal: readonly Entry[]): DeviceState {
  const known = folds.get(journal);
  if (known) return known;
  const key = `${id} ${JSON.stringify(journal)}`;
  const state = foldsByText.get(key) ?? foldEvents(emptyDevice("one"), journal.map(eventOf));
  folds.set(journal, state);
  foldsByText.set(key, state);
  return state;
}
const folds = new WeakMap<readonly Entry[], DeviceState>();
const foldsByText = new Map<string, DeviceState>();

function isRunning(anchor: LeaseAnchor, now: Moment, { holdsWhenUnknown, stopsInTime }: Assumptions): boolean {
  const untilStopped = LEASE.windDownSeconds + (stopsInTime ? 0 : 60);
  const left = leaseRemainingMs({ ...anchor, durationSeconds: anchor.durationSeconds + untilStopped }, now);
  return left === "unknown" ? !holdsWhenUnknown : left > 0;
}

function workMoves(world: World, id: DeviceId, assumptions: Assumptions): Move[] {
  const { journal } = world.devices[id];
  const active = activeContract(stateOf(id, journal));
  const hasPicked = journal.some(({ type, contractId }) => type === "movement" && contractId === active?.contractId);
  if (!active || hasPicked || !mayAct(world, id, assumptions)) return [];
  const entry: Entry = { type: "movement", contractId: active.contractId, epoch: active.epoch };
  return [{ what: `${id} picks under ${active.contractId}`, world: withEntry(world, id, entry) }];
}

function linkMoves(world: World, id: DeviceId, device: DevicePart): Move[] {
  if (device.link === "down") {
    const up = { ...device, link: "up" as const, session: device.session + 1 };
    return [{ what: `${id} connects in session ${up.session}`, world: withDevice(world, id, up) }];
  }
  const lost = fault(world, `${id} loses its link`, (left) => withDevice(left, id, { ...device, link: "down" }));
  const { generation } = world.cloud;
  if (device.generation === generation) return lost;
  const anew = { ...device, session: device.session + 1, generation };
  return [...lost, { what: `${id} hears the restored cloud, and connects anew`, world: withDevice(world, id, anew) }];
}

function beatMoves(world: World, id: DeviceId, device: DevicePart): Move[] {
  const isAtWork = activeContract(stateOf(id, device.journal)) !== undefined;
  if (device.link === "down" || device.hasBeaten || !isAtWork) return [];
  const beat: WireMessage = { kind: "beat", from: id, session: device.session, sentSeconds: world.seconds };
  return [{ what: `${id} beats`, world: send(withDevice(world, id, { ...device, hasBeaten: true }), beat) }];
}

/** Without a battery-backed clock: the wall clock is unknown until it is synced. */
function rebootMoves(world: World, id: DeviceId, device: DevicePart): Move[] {
  const synced = { what: `${id} syncs its clock`, world: withDevice(world, id, { ...device, clock: "synced" }) };
  const boot = { ...device, boot: device.boot + 1, clock: "unsynced" as const, link: "down" as const };
  return [
    ...(device.clock === "unsynced" ? [synced] : []),
    ...fault(world, `${id} reboots without a clock`, (left) => withDevice(left, id, boot)),
  ];
}

function takeContract(world: World, id: DeviceId, row: Row, guards: Guards, assumptions: Assumptions): World {
  const device = world.devices[id];
  const contract = contractOf(row);
  const receivedAt = momentOf(world, id, assumptions);
  const admission = admit(contract, stateOf(id, device.journal), {
    deviceId: id,
    session: guards.session ? String(device.session) : contract.session,
    receivedAt,
    abilities: ABILITIES,
    revoked: device.revoked,
    hasMovedOn: false,
  });
  if (admission.kind === "refuse") return world;
  const stored: WireMessage = { kind: "stored", contractId: row.contractId };
  if (admission.kind === "known") return send(world, stored);
  const anchors = [...device.anchors, grantLease(contract, receivedAt, undefined)];
  const entry: Entry = { type: "contract.accepted", contractId: row.contractId, epoch: row.epoch };
  return send(withEntry(withDevice(world, id, { ...device, anchors }), id, entry), stored);
}

/** Always obeyed; of a contract that has not arrived, it is remembered. */
function takeRevoke(world: World, id: DeviceId, contractId: string): World {
  const device = world.devices[id];
  const known = stateOf(id, device.journal).contracts[contractId];
  const obeyed =
    known && holdsLock(known.status)
      ? withEntry(world, id, { type: "contract.revoked", contractId, epoch: known.epoch })
      : withDevice(world, id, { ...device, revoked: [...new Set([...device.revoked, contractId])] });
  return send(obeyed, { kind: "revoke-done", contractId, at: obeyed.devices[id].journal.length });
}

function takeAck(
  world: World,
  { to, contractId, sentSeconds }: Extract<WireMessage, { kind: "ack" }>,
  assumptions: Assumptions,
): World {
  const device = world.devices[to];
  const sentAt = momentOf({ ...world, seconds: sentSeconds }, to, assumptions);
  const anchors = device.anchors.map((anchor) =>
    anchor.contractId === contractId ? renewLease(anchor, LEASE, sentAt) : anchor,
  );
  return withDevice(world, to, { ...device, anchors });
}

function momentOf(world: World, id: DeviceId, { clockRateError, wallErrorSeconds }: Assumptions): Moment {
  const { boot, clock } = world.devices[id];
  const monoMs = world.seconds * 1000 * (1 - clockRateError);
  const wallMs = ORIGIN_MS + (world.seconds - (boot > 0 ? wallErrorSeconds : 0)) * 1000;
  return { bootId: `${id}/${boot}`, monoMs, wallMs, clock };
}

function contractOf({ contractId, deviceId, epoch, session, issuedSeconds }: Row): Contract {
  const issuedAt = timestamp(ORIGIN_MS + issuedSeconds * 1000);
  return exampleContract({
    contractId,
    deviceId,
    epoch,
    session: String(session),
    issuedAt,
    taskId: TASK,
    lease: LEASE,
    stages,
  });
}

const { stages: exampleStages, failurePolicy } = exampleContract();
/** The pick has to fit into the lease, or it is refused as infeasible. */
const stages = exampleStages.map((stage) => ({ ...stage, timeoutSeconds: LEASE.durationSeconds / 2 }));

function eventOf({ type, contractId, epoch }: Entry, at: number): Event {
  const accepted = { taskId: TASK, stages, lease: LEASE, session: "s", hash: "", offline: failurePolicy.offline };
  const movement = { correlation_id: contractId, kind: "PICK", sku: "SKU-7890", qty: 1, uom: "EA" };
  const when = timestamp(ORIGIN_MS);
  const told = { ...movement, occurred_at: when, actor: { kind: "ROBOT", id: "r" } };
  const data = type === "contract.accepted" ? accepted : type === "movement" ? told : { reason: "lease_ended" };
  const id = `019b8ce6-1400-7000-8000-${String(at).padStart(12, "0")}`;
  return { seq: at + 1, id, at: when, monoMs: 0, clock: "synced", type, contractId, revision: 1, epoch, data };
}

function withEntry(world: World, id: DeviceId, entry: Entry): World {
  const device = world.devices[id];
  return withDevice(world, id, { ...device, journal: [...device.journal, entry] });
}

export function withDevice(world: World, id: DeviceId, device: DevicePart): World {
  return { ...world, devices: { ...world.devices, [id]: device } };
}

export function send(world: World, message: WireMessage): World {
  return { ...world, messages: [...world.messages, message] };
}

/** Something that goes wrong, if there is still room for it. */
export function fault(world: World, what: string, happen: (world: World) => World): Move[] {
  const { faultsLeft } = world;
  return faultsLeft === 0 ? [] : [{ what, world: happen({ ...world, faultsLeft: faultsLeft - 1 }) }];
}
