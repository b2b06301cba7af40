import { timestamp, type ClockState } from "#lib/clock";
import type { Sha256 } from "#contract/crypto";
import { WIRE_VERSION, type LostPresence, type OnlinePresence, type Presence } from "#contract/messages";
import { stateHash } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import { holdsLock } from "#contract/status";

/** What a device says of itself in every presence. */
export interface DeviceDescription {
  readonly site: string;
  readonly deviceId: string;
  readonly gate: OnlinePresence["gate"];
  readonly profile: OnlinePresence["profile"];
}

/** Who speaks: which life of the journal, which boot, which connection. */
export interface SessionIdentity {
  readonly incarnation: string;
  readonly bootId: string;
  readonly session: string;
}

/** What changes from beat to beat. */
export interface PresenceNow {
  readonly state: "online" | "offline";
  readonly beat: number;
  readonly clock: ClockState;
  readonly wallMs: number;
  readonly range: OnlinePresence["journal"];
  readonly device: DeviceState;
  /** The cloud that acknowledged last when the session was drawn. */
  readonly cloudId?: string | undefined;
}

/** What NTP on a local network keeps to; a clock that was never set may be off by anything. */
const SYNCED_ERROR_MS = 100;
const UNSYNCED_ERROR_MS = 1e12;

/** The message that is published every 5 s and, as `offline`, at a graceful end. */
export function presenceOf(
  description: DeviceDescription,
  identity: SessionIdentity,
  now: PresenceNow,
  sha256: Sha256,
): OnlinePresence {
  const { deviceId, gate, profile } = description;
  return {
    v: WIRE_VERSION,
    deviceId,
    state: now.state,
    ...identity,
    beat: now.beat,
    clock: { state: now.clock, errMs: now.clock === "synced" ? SYNCED_ERROR_MS : UNSYNCED_ERROR_MS },
    sentAt: timestamp(now.wallMs),
    journal: now.range,
    active: activeContracts(now.device, sha256),
    gate,
    profile,
    ...(now.cloudId === undefined ? {} : { cloudId: now.cloudId }),
  };
}

/** The last will of a session. */
export function willOf(deviceId: string, identity: SessionIdentity): LostPresence {
  return { v: WIRE_VERSION, deviceId, state: "lost", ...identity };
}

/**
 * Whether what the broker retains is not what this session says: the will of an earlier session that came late, or what
 * a crashed broker kept. Own earlier beats are no news.
 */
export function isForeign(retained: Presence, session: string): boolean {
  return retained.state !== "online" || retained.session !== session;
}

function activeContracts(device: DeviceState, sha256: Sha256): OnlinePresence["active"] {
  return Object.values(device.contracts)
    .filter((contract) => holdsLock(contract.status))
    .map((contract) => ({
      contractId: contract.contractId,
      revision: contract.revision,
      localRevision: contract.localRevision,
      epoch: contract.epoch,
      status: contract.status,
      stateHash: stateHash(contract, sha256),
    }));
}
