import type { OnlinePresence, Presence } from "#contract/messages";
import { stateHash } from "#contract/reducer";
import type { Acks } from "./acks.ts";
import { resendCommands, withdrawRevoke } from "./commands.ts";
import { type CloudContext, nowText } from "./context.ts";
import { lockingContract, modeOf, sessionOf, type Device } from "./fleet.ts";
import type { Ingest } from "./ingest.ts";
import { changeMode } from "./mode.ts";
import { noteMemory, revokeEnded } from "./returning.ts";
import { settle } from "./settle.ts";

/** Who is there. Everything but `heard` runs in the device's turn. */
export interface Liveness {
  /** Any message of the device: it is not silent. */
  heard(device: Device): void;
  presence(device: Device, presence: Presence, isRetained: boolean): Promise<void>;
}

export function createLiveness(context: CloudContext, acks: Acks, ingest: Ingest): Liveness {
  const { clock, config } = context;
  const watched = new Set<string>();

  function heard(device: Device): void {
    device.lastHeardMs = clock.nowMs();
    device.lastHeardAt = nowText(context);
    if (watched.has(device.deviceId)) return;
    watched.add(device.deviceId);
    clock.after(config.silenceMs, () => watch(device));
  }
  /** One timer per device, set again for the rest of the time when the device was heard meanwhile. */
  function watch(device: Device): void {
    const leftMs = (device.lastHeardMs ?? 0) + config.silenceMs - clock.nowMs();
    if (leftMs > 0) {
      clock.after(leftMs, () => watch(device));
      return;
    }
    watched.delete(device.deviceId);
    context.background("silence", () => device.turns(() => changeMode(context, device, { type: "silent" })));
  }

  async function presence(device: Device, told: Presence, isRetained: boolean): Promise<void> {
    if (told.state !== "online") {
      await changeMode(context, device, { type: "lost", session: told.session });
      return;
    }
    // A retained presence says that the device exists, not that it is alive: the next beat does.
    if (isRetained) {
      device.presence ??= told;
      return;
    }
    if (isOfEndedSession(device, told) && !insists(device, told)) return;
    delete device.insisting;
    heard(device);
    await online(device, told);
  }
  async function online(device: Device, told: OnlinePresence): Promise<void> {
    const before = { mode: modeOf(device), session: sessionOf(device) };
    const { incarnation, journal, session } = told;
    if (device.presence?.session !== session || told.beat >= device.presence.beat) device.presence = told;
    await ingestThenMode(device, told, journal);
    warnOfSkew(context, device, told);
    const isNewSession = before.session !== session;
    if (isNewSession) await withdrawStaleRevoke(context, device);
    await revokeEnded(context, device, told);
    await resendCommands(context, device, isNewSession || before.mode === "projected" ? "new-session" : "beat");
    await noteMemory(context, device, told);
    await settle(context, device);
    acks.now(device);
    context.log.debug({ deviceId: device.deviceId, session, incarnation, beat: told.beat }, "beat");
  }
  /** The mode first, so that what was believed before the return is kept; then the journal's frame. */
  async function ingestThenMode(
    device: Device,
    told: OnlinePresence,
    journal: OnlinePresence["journal"],
  ): Promise<void> {
    const { incarnation, session } = told;
    const { firstSeq, lastSeq } = journal;
    await changeMode(context, device, { type: "heard", session, incarnation, seq: lastSeq });
    await ingest.align(device, { incarnation, firstSeq, lastSeq });
  }
  return { heard, presence };
}

/** Duplicates and late copies of presences of a session that is over. */
function isOfEndedSession(device: Device, told: OnlinePresence): boolean {
  return device.machine.getSnapshot().context.past.includes(told.session);
}

/** So many beats of a session that another has displaced, with none of that other between them, say that it goes on. */
const BEATS_THAT_INSIST = 3;

/**
 * A presence that was under way for long may be the first of its session that is heard, and displace the session that goes on.
 * That one beats on, and what has displaced it does not.
 */
function insists(device: Device, { session, beat }: OnlinePresence): boolean {
  const before = device.insisting?.session === session ? device.insisting : undefined;
  if (before && beat <= before.beat) return false;
  const times = (before?.times ?? 0) + 1;
  device.insisting = { session, beat, times };
  if (times < BEATS_THAT_INSIST) return false;
  device.machine.send({ type: "insisted", session });
  return !device.machine.getSnapshot().context.past.includes(session);
}

async function withdrawStaleRevoke(context: CloudContext, device: Device): Promise<void> {
  const contract = lockingContract(device);
  if (contract && contract.session !== sessionOf(device)) await withdrawRevoke(context, device, contract.contractId);
}

/** The same events must fold to the same state on both sides; if not, one of the two runs another version. */
function warnOfSkew(context: CloudContext, device: Device, told: OnlinePresence): void {
  const { deviceId, intake } = device;
  if (told.incarnation !== intake.incarnation || told.journal.lastSeq !== intake.seq) return;
  for (const active of told.active) {
    const state = device.state.contracts[active.contractId];
    if (!state || stateHash(state, context.sha256) === active.stateHash) continue;
    const { contractId } = active;
    context.log.error({ deviceId, contractId, seq: intake.seq }, "device and cloud fold the same events differently");
  }
}
