import type { JournalBatch } from "#contract/messages";
import { holdsLock } from "#contract/status";
import type { Acks } from "./acks.ts";
import { issueCommand } from "./commands.ts";
import { emptyIntake, gapBefore, nextParked, receive, type ChainedEvent, type IntakeState } from "./core/intake.ts";
import { type CloudContext, logOp, nowText } from "./context.ts";
import { effectsOf } from "./event-effects.ts";
import { raise } from "./exceptions.ts";
import { basisOf, enterIncarnation, foldCommitted, modeOf, notify, rowOf, type Device } from "./fleet.ts";
import { keepBelief } from "./mode.ts";
import { learnFrom } from "./learning.ts";
import type { Recovery } from "./recovery.ts";
import { takeOver } from "./status-change.ts";

/** Takes journals in. Everything runs in the device's turn. */
export interface Ingest {
  /** A batch as it arrived: committed, then acknowledged, when its turn has come; see `core/intake.ts`. */
  take(device: Device, batch: JournalBatch): Promise<void>;
  /** What a presence says of the journal: a new incarnation, and numbers that the device no longer holds. */
  align(
    device: Device,
    mark: { readonly incarnation: string; readonly firstSeq: number; readonly lastSeq: number },
  ): Promise<void>;
}

export function createIngest(context: CloudContext, acks: Acks, recovery: Recovery): Ingest {
  async function take(device: Device, batch: JournalBatch): Promise<void> {
    const isFirstContact = device.presence === undefined && device.intake.seq === 0;
    if (isFirstContact) await enter(context, device, batch.incarnation);
    if (batch.incarnation !== device.intake.incarnation) {
      // Either an old one, late, or a new one whose presence is on its way: the device sends again.
      context.log.debug({ deviceId: device.deviceId, incarnation: batch.incarnation }, "batch of another incarnation");
      acks.now(device);
      return;
    }
    const step = receive(device.intake, batch, await committedHashes(context, device, batch), context.sha256);
    if (step.kind === "fork") {
      await recordFork(context, device, batch);
      acks.now(device, "forked");
      return;
    }
    if (step.kind !== "apply") {
      device.intake = step.next;
      acks.now(device);
      return;
    }
    await apply(context, device, step.next, step.events, recovery);
    acks.soon(device);
    const { next, batch: parked } = nextParked(device.intake);
    device.intake = next;
    if (parked) await take(device, parked);
  }
  async function align(device: Device, mark: Parameters<Ingest["align"]>[1]): Promise<void> {
    if (mark.incarnation !== device.intake.incarnation) await enter(context, device, mark.incarnation);
    const missing = gapBefore(device.intake, mark);
    if (!missing) return;
    const { deviceId } = device;
    const { from, to } = missing.gap;
    const detail = `events ${from} to ${to} of the journal were lost before they were committed here`;
    context.log.error({ deviceId, from, to }, "journal has a gap");
    await move(context, device, missing.next, [
      logOp(context, { type: "journal.gap", deviceId, data: { from, to } }),
      ...raise(context, { code: "journal_gap", severity: "HIGH", detail, deviceId }),
    ]);
    device.state = { ...device.state, seq: device.intake.seq };
    tellFolded(device);
  }
  return { take, align };
}

/** Begins a journal that is numbered anew, or goes on behind what is committed of one that comes back (a disk put back). */
async function enter(context: CloudContext, device: Device, incarnation: string): Promise<void> {
  const { deviceId } = device;
  const tip = await context.store.tipOf(deviceId, incarnation);
  const state = tip
    ? await foldCommitted(context.store, deviceId, incarnation)
    : enterIncarnation(device.state, incarnation);
  if (tip) context.log.warn({ deviceId, incarnation, seq: tip.seq }, "device is back with an earlier journal");
  await move(context, device, { ...emptyIntake(incarnation), ...tip }, []);
  device.state = state;
  tellFolded(device);
}

async function apply(
  context: CloudContext,
  device: Device,
  next: IntakeState,
  chained: readonly ChainedEvent[],
  recovery: Recovery,
): Promise<void> {
  const { deviceId } = device;
  const { incarnation } = next;
  const events = chained.map(({ event }) => event);
  const repeated = await context.store.knownEvents(
    deviceId,
    events.map((event) => event.id),
  );
  const effects = effectsOf(context, device, events, repeated);
  // The tail may overtake the presence that announces the return: what was believed before it must be kept.
  if (modeOf(device) === "projected") keepBelief(context, device, basisOf(device));
  const rows = chained.map(({ event, hash }) => ({ incarnation, event, hash }));
  const track = effects.track;
  await move(
    context,
    device,
    next,
    [{ op: "append-events", deviceId, receivedAt: nowText(context), rows }, ...effects.ops],
    track,
  );
  device.state = effects.state;
  for (const change of effects.changes) {
    takeOver(device, change);
    context.log.info({ deviceId, ...change }, "contract status changed");
  }
  if (effects.ops.some(({ op }) => op === "adopt-revision")) {
    const revised = device.contract && (await context.store.contract(device.contract.contractId));
    if (revised) device.contract = revised;
  }
  tellFolded(device);
  for (const event of events.filter((entry) => entry.type === "contract.accepted")) {
    await fenceLateAcceptance(context, device, event.contractId);
  }
  for (const { to, contractId } of effects.changes) {
    if (to === "released" || to === "expired") recovery.consider(contractId);
  }
  const unheard = events.filter(({ id }) => !repeated.has(id));
  await learnFrom(context, device, unheard);
}

/** Commits how far the journal is taken in, and only then believes it. */
async function move(
  context: CloudContext,
  device: Device,
  next: IntakeState,
  ops: Parameters<CloudContext["store"]["commit"]>[0],
  track = device.track,
): Promise<void> {
  await context.store.commit([...ops, { op: "put-device", row: rowOf({ ...device, intake: next, track }) }]);
  device.intake = next;
  device.track = track;
}

function tellFolded(device: Device): void {
  const { incarnation, seq } = device.intake;
  device.machine.send({ type: "folded", incarnation, seq });
  notify(device);
}

/** Hashes of ours that an overlapping batch can be checked against. */
async function committedHashes(
  context: CloudContext,
  device: Device,
  batch: JournalBatch,
): Promise<{ before?: string | undefined; overlap?: string | undefined }> {
  const first = batch.events[0]!.seq;
  const { incarnation, seq, hash } = device.intake;
  if (first > seq) return {};
  const last = Math.min(seq, batch.events.at(-1)!.seq);
  const at = (number: number): Promise<string | undefined> =>
    context.store.hashAt(device.deviceId, incarnation, number);
  return { before: first === 1 ? undefined : await at(first - 1), overlap: last === seq ? hash : await at(last) };
}

async function recordFork(context: CloudContext, device: Device, batch: JournalBatch): Promise<void> {
  const { deviceId } = device;
  const seq = batch.events[0]!.seq;
  context.log.warn({ deviceId, seq, incarnation: batch.incarnation }, "journal departs from what is committed");
  await context.store.commit([logOp(context, { type: "journal.fork", deviceId, data: { seq } })]);
}

/** A contract that the cloud has given up must not be begun: it is revoked as soon as the journal shows it. */
async function fenceLateAcceptance(
  context: CloudContext,
  device: Device,
  contractId: string | undefined,
): Promise<void> {
  if (contractId === undefined) return;
  const state = device.state.contracts[contractId];
  if (!state || !holdsLock(state.status)) return;
  const row = await context.store.contract(contractId);
  if (!row || holdsLock(row.status)) return;
  const { deviceId } = device;
  const detail = `the device began a contract that had already become ${row.status}; it is revoked`;
  await context.store.commit(
    raise(context, { code: "late_acceptance", severity: "HIGH", detail, deviceId, contractId }),
  );
  await issueCommand(context, device, { type: "revoke", contractId, epoch: state.epoch });
}
