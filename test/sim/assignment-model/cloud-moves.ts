import { nextEpoch, strangeHolder } from "#cloud/core/assignment";
import { reassignableAtMs } from "#cloud/core/lease";
import { allLeasesOverMs, EPOCHS_FORGOTTEN_MAX, isAccountedFor, type Hearing } from "#cloud/core/recollection";
import { decideRecovery } from "#cloud/core/recovery";
import { decideUnconfirmed } from "#cloud/core/unconfirmed";
import { activeContract } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import { holdsLock, isFinal, nextStatus } from "#contract/status";
import { fault, LEASE, send, stateOf, TASK } from "./device-moves.ts";
import {
  DEVICE_IDS,
  type CloudPart,
  type DeviceId,
  type Guards,
  type Move,
  type Row,
  type WireMessage,
  type World,
} from "./world.ts";

const ASSIGNMENTS_MAX = 2;

/** What the cloud can do next, and what can happen to it. */
export function cloudMoves(world: World, guards: Guards, restores: boolean): Move[] {
  return [
    ...DEVICE_IDS.flatMap((id) => [...hearingMoves(world, id), ...pushMoves(world, id, guards)]),
    ...world.cloud.rows.flatMap((row) => [...rowMoves(world, row, guards), ...forceMoves(world, row)]),
    ...(restores ? backupMoves(world) : []),
  ];
}

/** What a message does to the cloud. */
export function deliverToCloud(
  world: World,
  message: Extract<WireMessage, { kind: "stored" | "revoke-done" | "beat" }>,
): World {
  const { cloud, seconds } = world;
  switch (message.kind) {
    case "stored": {
      const row = cloud.rows.find(({ contractId }) => contractId === message.contractId);
      return row ? move(world, row, "contract.accepted", { countedSeconds: seconds }) : world;
    }
    case "revoke-done": {
      const { contractId, at: answeredAt } = message;
      const revokes = cloud.revokes.map((revoke) =>
        revoke.contractId === contractId ? { contractId, answeredAt } : revoke,
      );
      return withCloud(world, { revokes });
    }
    case "beat":
      return renew(world, message);
  }
}

/** The fold of a journal as far as the cloud has committed it. */
function foldOf({ cloud, devices }: World, id: DeviceId): DeviceState {
  return stateOf(id, devices[id].journal.slice(0, cloud.folded[id]));
}

/** Live, and what it is at was not called back: the answer renews the lease from the sending of the beat. */
function renew(world: World, { from, session, sentSeconds }: Extract<WireMessage, { kind: "beat" }>): World {
  const { cloud, seconds } = world;
  const active = activeContract(foldOf(world, from));
  const isHeard = cloud.mode[from] === "live" && cloud.heard[from]?.session === session;
  if (!active || !isHeard || cloud.revokes.some(({ contractId }) => contractId === active.contractId)) return world;
  const { contractId } = active;
  const rows = cloud.rows.map((row) => (row.contractId === contractId ? { ...row, countedSeconds: seconds } : row));
  return send(withCloud(world, { rows }), { kind: "ack", to: from, session, contractId, sentSeconds });
}

function hearingMoves(world: World, id: DeviceId): Move[] {
  const { cloud, devices } = world;
  const { link, session, journal } = devices[id];
  const isHeard = cloud.mode[id] === "live" && cloud.heard[id]?.session === session;
  return [
    ...(link === "up" && !isHeard ? [{ what: `the cloud hears ${id}`, world: hear(world, id) }] : []),
    ...(link === "up" && isHeard && cloud.folded[id] < journal.length
      ? [{ what: `the cloud reads the journal of ${id}`, world: readJournal(world, id) }]
      : []),
    ...(cloud.mode[id] === "live" && (link === "down" || cloud.heard[id]?.session !== session)
      ? [{ what: `${id} is projected`, world: withCloud(world, { mode: { ...cloud.mode, [id]: "projected" } }) }]
      : []),
  ];
}

/** A session begins; what the device is at and the cloud has ended is revoked first of all. */
function hear(world: World, id: DeviceId): World {
  const { cloud, devices } = world;
  const { session, journal, generation } = devices[id];
  const told = { session, target: journal.length, generation };
  const heard = account(
    withCloud(world, { mode: { ...cloud.mode, [id]: "live" }, heard: { ...cloud.heard, [id]: told } }),
    id,
  );
  const active = activeContract(stateOf(id, journal));
  const row = cloud.rows.find(({ contractId }) => contractId === active?.contractId);
  return row && isFinal(row.status) ? revoke(heard, row) : heard;
}

/** Notes a device that has told everything since the restore. */
function account(world: World, id: DeviceId): World {
  const { cloud, devices } = world;
  const heard = cloud.heard[id];
  if (!heard || cloud.accounted.includes(id)) return world;
  const active = activeContract(stateOf(id, devices[id].journal));
  const hearing: Hearing = {
    mode: cloud.mode[id],
    presence: { cloudId: String(heard.generation), active: active ? [{ ...active, stateHash: "" }] : [] },
    isCaughtUp: cloud.folded[id] >= heard.target,
    state: foldOf(world, id),
  };
  if (!isAccountedFor(hearing, String(cloud.generation))) return world;
  return withCloud(world, { accounted: [...cloud.accounted, id].toSorted() });
}

function readJournal(world: World, id: DeviceId): World {
  const { journal } = world.devices[id];
  const fresh = journal.slice(world.cloud.folded[id]);
  const read = withCloud(world, { folded: { ...world.cloud.folded, [id]: journal.length } });
  const told = fresh.reduce((before, { type, contractId, epoch }) => {
    const row = before.cloud.rows.find((candidate) => candidate.contractId === contractId);
    if (type === "movement") {
      const isFenced = epoch < before.cloud.epoch;
      return withCloud(before, { ledger: [...before.cloud.ledger, { contractId, isFenced }] });
    }
    if (!row) return before;
    const isLate = type === "contract.accepted" && isFinal(row.status);
    return isLate
      ? revoke(before, row)
      : move(before, row, type, type === "contract.accepted" ? { countedSeconds: before.seconds } : {});
  }, read);
  return account(told, id);
}

/** A new assignment. */
function pushMoves(world: World, id: DeviceId, guards: Guards): Move[] {
  const { cloud, seconds, pushes } = world;
  const session = cloud.heard[id]?.session;
  if (session === undefined || !mayPush(world, id, guards)) return [];
  const folds = DEVICE_IDS.map((device) => foldOf(world, device));
  const isEveryoneHeard = cloud.generation === 0 || cloud.accounted.length === DEVICE_IDS.length;
  const epoch = nextEpoch(TASK, cloud.epoch + (isEveryoneHeard ? 0 : EPOCHS_FORGOTTEN_MAX), folds);
  const contractId = `019b8ce6-1400-7000-8000-${String(pushes).padStart(12, "0")}`;
  const row: Row = { contractId, deviceId: id, epoch, session, issuedSeconds: seconds, status: "pushed" };
  const pushed = { ...withCloud(world, { rows: [...cloud.rows, row], epoch }), pushes: pushes + 1 };
  return [
    { what: `the cloud gives the task to ${id} (epoch ${epoch})`, world: send(pushed, { kind: "contract", row }) },
  ];
}

/** To a device that is live and free, where nothing and nobody has the task, and no effect of before forbids it. */
function mayPush(world: World, id: DeviceId, guards: Guards): boolean {
  const { cloud, pushes } = world;
  // The devices are alike, so that the first one may be called a.
  const isWithinBounds = pushes < ASSIGNMENTS_MAX && (pushes > 0 || id === "a");
  const isFree = !cloud.rows.some((row) => row.deviceId === id && holdsLock(row.status));
  const last = cloud.rows.at(-1);
  const isOpen = last === undefined || !isFinal(last.status) || mayHandOn(world, last);
  const isAllowed = isOpen && !(guards.lock && isTaken(world)) && !(guards.recollection && mustWait(world));
  return isWithinBounds && cloud.mode[id] === "live" && isFree && isAllowed;
}

/** After a restore. */
function mustWait({ cloud, seconds }: World): boolean {
  return seconds < cloud.quietUntil && cloud.accounted.length < DEVICE_IDS.length;
}

function isTaken(world: World): boolean {
  const { rows } = world.cloud;
  const recorded = new Set(rows.map(({ contractId }) => contractId));
  const underWay = DEVICE_IDS.flatMap((id) => activeContract(foldOf(world, id)) ?? []);
  return rows.some(({ status }) => holdsLock(status)) || strangeHolder(TASK, recorded, underWay) !== undefined;
}

function mayHandOn(world: World, row: Row): boolean {
  const { stages, load } = foldOf(world, row.deviceId).contracts[row.contractId] ?? { stages: [], load: {} };
  return (
    row.status === "reassigned" || decideRecovery({ status: row.status, stages, load }, "reassign").kind === "hand-on"
  );
}

function rowMoves(world: World, row: Row, guards: Guards): Move[] {
  const { contractId, deviceId, status } = row;
  if (status === "pushed")
    return fault(world, `${contractId} is unconfirmed`, (left) => move(left, row, "cloud.unconfirmed"));
  if (status === "unconfirmed") return unconfirmedMoves(world, row);
  if (status !== "accepted") return [];
  const what = `the cloud calls ${contractId} back from ${deviceId}`;
  return [
    ...(isOpen(world, row) ? fault(world, what, (left) => callBack(left, row, guards)) : []),
    ...(mayReassign(world, row, guards) ? handOnMoves(takeAway(world, row), row, guards) : []),
  ];
}

/** In one transaction with the new assignment: nothing is taken away while nobody can take it over. */
function handOnMoves(taken: World, { deviceId }: Row, guards: Guards): Move[] {
  const pushed = DEVICE_IDS.flatMap((id) => pushMoves(taken, id, guards));
  return pushed.map(({ what, world }) => ({ what: `the lease of ${deviceId} is over, and ${what}`, world }));
}

function isOpen({ cloud }: World, { contractId }: Row): boolean {
  return !cloud.revokes.some((revoked) => revoked.contractId === contractId);
}

function unconfirmedMoves(world: World, row: Row): Move[] {
  const { cloud } = world;
  const { contractId, deviceId } = row;
  const heard = cloud.heard[deviceId];
  const sent = cloud.revokes.find((revoked) => revoked.contractId === contractId);
  const decision = decideUnconfirmed({
    contractSession: String(row.session),
    deviceSession: heard && String(heard.session),
    mode: cloud.mode[deviceId],
    isCaughtUp: heard !== undefined && cloud.folded[deviceId] >= heard.target,
    foldedSeq: cloud.folded[deviceId],
    revoke: sent === undefined ? "none" : sent.answeredAt === undefined ? "sent" : { answeredAtSeq: sent.answeredAt },
  });
  if (decision === "revoke") return [{ what: `the cloud revokes ${contractId}`, world: revoke(world, row) }];
  return decision === "expire" ? [{ what: `${contractId} expires`, world: move(world, row, "cloud.expired") }] : [];
}

function callBack(world: World, row: Row, guards: Guards): World {
  const called = revoke(world, row);
  return guards.release ? called : move(called, row, "contract.revoked");
}

/** By the lease: whoever is out of reach has stopped by then. What it has on board is a case for people. */
function mayReassign(world: World, row: Row, guards: Guards): boolean {
  const { cloud, seconds } = world;
  const { deviceId, contractId, countedSeconds } = row;
  if (cloud.mode[deviceId] !== "projected" || countedSeconds === undefined) return false;
  const { stages, load } = foldOf(world, deviceId).contracts[contractId] ?? { stages: [], load: {} };
  const isOver = !guards.lease || seconds * 1000 >= reassignableAtMs(LEASE, countedSeconds * 1000);
  return isOver && decideRecovery({ status: "expired", stages, load }, "reassign").kind === "hand-on";
}

function takeAway(world: World, row: Row): World {
  return revoke(move(world, row, "cloud.reassigned"), row);
}

/** An operator who has confirmed the warning; once. */
function forceMoves(world: World, row: Row): Move[] {
  if (!holdsLock(row.status) || world.isForced) return [];
  return fault(world, `an operator takes ${row.contractId} from ${row.deviceId} by force`, (before) => {
    const freed = move({ ...before, isForced: true }, row, "cloud.released");
    return revoke(withCloud(freed, { epoch: freed.cloud.epoch + 1 }), row);
  });
}

/** The database as it was, once; what the process knew is gone, and leases are counted from its start. */
function backupMoves(world: World): Move[] {
  const { cloud, backup, seconds } = world;
  if (!backup)
    return cloud.generation > 0
      ? []
      : fault(world, "the cloud is backed up", (before) => ({ ...before, backup: cloud }));
  const restore = (before: World): World => {
    const rows = backup.rows.map((row) => (holdsLock(row.status) ? { ...row, countedSeconds: seconds } : row));
    const unanswered = rows.map((row): Row => (row.status === "pushed" ? { ...row, status: "unconfirmed" } : row));
    const longest = LEASE.durationSeconds + LEASE.windDownSeconds;
    const restored: CloudPart = {
      ...backup,
      rows: unanswered,
      mode: { a: "projected", b: "projected" },
      heard: {},
      generation: 1,
      quietUntil: allLeasesOverMs(longest, seconds * 1000) / 1000,
      accounted: [],
    };
    return { ...before, cloud: restored, backup: undefined };
  };
  return [{ what: "the cloud is restored from its backup", world: restore(world) }];
}

/** A step of the table of statuses, where it knows one. */
function move(world: World, { contractId }: Row, event: string, more: Partial<Row> = {}): World {
  const rows = world.cloud.rows.map((row) => {
    const status = row.contractId === contractId ? nextStatus(row.status, event) : undefined;
    return status ? { ...row, ...more, status } : row;
  });
  return withCloud(world, { rows });
}

function revoke(world: World, { contractId, deviceId }: Row): World {
  if (!isOpen(world, { contractId } as Row)) return world;
  const revokes = [...world.cloud.revokes, { contractId }];
  return send(withCloud(world, { revokes }), { kind: "revoke", contractId, to: deviceId });
}

function withCloud(world: World, changes: Partial<CloudPart>): World {
  return { ...world, cloud: { ...world.cloud, ...changes } };
}
