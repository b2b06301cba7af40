import type { LeaseAnchor } from "#agent/core/lease";
import type { ContractStatus } from "#contract/status";

/**
 * The smallest world in which a task can be given twice: one cloud, two devices, one task, and messages that arrive at any
 * later time or never. Times are whole seconds of the true clock.
 */
export interface World {
  readonly seconds: number;
  readonly cloud: CloudPart;
  readonly devices: Readonly<Record<DeviceId, DevicePart>>;
  /** On their way; whichever is next, or never. */
  readonly messages: readonly WireMessage[];
  /** Faults that may still happen. */
  readonly faultsLeft: number;
  /** What a backup of the cloud's database holds, until it is restored. */
  readonly backup?: CloudPart | undefined;
  /** Assignments made so far, those that a restored cloud has forgotten included. */
  readonly pushes: number;
  /** An operator has confirmed the warning of a release by force: two devices may meet from then on. */
  readonly isForced: boolean;
}

export type DeviceId = "a" | "b";
export const DEVICE_IDS: readonly DeviceId[] = ["a", "b"];

/** What a session says when it is first heard: where the journal ends, and which cloud was known when it was drawn. */
export interface Heard {
  readonly session: number;
  readonly target: number;
  readonly generation: number;
}

export interface CloudPart {
  readonly rows: readonly Row[];
  /** Highest epoch that is recorded of the task. */
  readonly epoch: number;
  readonly mode: Readonly<Record<DeviceId, "live" | "projected">>;
  /** Session heard last, and where the journal ended then. */
  readonly heard: Readonly<Partial<Record<DeviceId, Heard>>>;
  /** Events of each journal that are committed. */
  readonly folded: Readonly<Record<DeviceId, number>>;
  /** Contracts that a revoke was sent for, and at which event its device has answered. */
  readonly revokes: readonly { readonly contractId: string; readonly answeredAt?: number }[];
  readonly ledger: readonly { readonly contractId: string; readonly isFenced: boolean }[];
  /** How often it was restored. */
  readonly generation: number;
  /** Nothing is assigned before, after a restore, unless all devices have told what they are at. */
  readonly quietUntil: number;
  /** Devices that have, since the restore. */
  readonly accounted: readonly DeviceId[];
}

/** A contract as the cloud has recorded it. */
export interface Row {
  readonly contractId: string;
  readonly deviceId: DeviceId;
  readonly epoch: number;
  readonly session: number;
  readonly issuedSeconds: number;
  readonly status: ContractStatus;
  /** When the lease was last counted anew. */
  readonly countedSeconds?: number | undefined;
}

export interface DevicePart {
  readonly link: "up" | "down";
  readonly session: number;
  readonly boot: number;
  readonly clock: "synced" | "unsynced";
  readonly journal: readonly Entry[];
  /** Revoked before they arrived. */
  readonly revoked: readonly string[];
  readonly anchors: readonly LeaseAnchor[];
  readonly hasBeaten: boolean;
  /** The cloud that was known when the session was drawn. */
  readonly generation: number;
}

/** An event of a journal, as short as the model needs it. */
export interface Entry {
  readonly type: "contract.accepted" | "contract.revoked" | "contract.expired" | "movement";
  readonly contractId: string;
  readonly epoch: number;
}

export type WireMessage =
  | { readonly kind: "contract"; readonly row: Row }
  | { readonly kind: "stored"; readonly contractId: string }
  | { readonly kind: "revoke"; readonly contractId: string; readonly to: DeviceId }
  | { readonly kind: "revoke-done"; readonly contractId: string; readonly at: number }
  | { readonly kind: "beat"; readonly from: DeviceId; readonly session: number; readonly sentSeconds: number }
  | {
      readonly kind: "ack";
      readonly to: DeviceId;
      readonly session: number;
      readonly contractId: string;
      readonly sentSeconds: number;
    };

/** One thing that can happen next. */
export interface Move {
  readonly what: string;
  readonly world: World;
}

/** What keeps a task from being given twice; the tests take one away after the other. */
export interface Guards {
  /** The cloud waits until the lease has surely ended. */
  readonly lease: boolean;
  /** What an old assignment still says is fenced by the newer epoch. */
  readonly epoch: boolean;
  /** A device refuses what was signed for another session. */
  readonly session: boolean;
  /** A task with a contract that holds its lock, or that a journal tells of, is not given away. */
  readonly lock: boolean;
  /** What is called back moves only once the device's journal says that it let go. */
  readonly release: boolean;
  /** A restored cloud assigns nothing before every device was heard anew, or every lease of before has ended. */
  readonly recollection: boolean;
}

/** What the argument assumes of the world outside. */
export interface Assumptions {
  /** How much slower than true time the clocks of the devices run, share. */
  readonly clockRateError: number;
  /** How far the wall clock of a device that calls itself synced is behind, after a reboot. */
  readonly wallErrorSeconds: number;
  /** A device whose lease is unknown after a reboot stands still. */
  readonly holdsWhenUnknown: boolean;
  /** A device stops within the wind-down of its lease. */
  readonly stopsInTime: boolean;
}

/** What the devices do besides taking contracts on and letting go of them. */
export interface Activity {
  /** They pick, and the movement stands in their journal. */
  readonly picks: boolean;
  /** They beat, and their leases are renewed. */
  readonly renewals: boolean;
}
