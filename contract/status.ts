/** Life of a contract, as the cloud and the device name it (`draft` to `unconfirmed` are known to the cloud only). */
export const CONTRACT_STATUSES = [
  "draft",
  "pushed",
  "unconfirmed",
  "accepted",
  "running",
  "held",
  "completed",
  "failed",
  "aborted",
  "cancelled",
  "rejected",
  "expired",
  "released",
  "reassigned",
] as const;
export type ContractStatus = (typeof CONTRACT_STATUSES)[number];

/** Who is entitled to write the event that makes a transition. */
export type StatusWriter = "device" | "cloud";

/** What moves a status: journal events of the device, and decisions of the cloud (named `cloud.*`). */
export type StatusEvent =
  | "cloud.pushed"
  | "cloud.unconfirmed"
  | "cloud.expired"
  | "cloud.reassigned"
  | "cloud.released"
  | "contract.accepted"
  | "contract.rejected"
  | "contract.started"
  | "contract.held"
  | "contract.resumed"
  | "contract.completed"
  | "contract.failed"
  | "contract.aborted"
  | "contract.cancelled"
  | "contract.expired"
  | "contract.released"
  | "contract.revoked";

/** Whether `contract.started` was written: where it matters, a row holds for one of the two only. */
export type WorkPhase = "not-begun" | "begun";

export interface StatusTransition {
  readonly from: ContractStatus;
  readonly event: StatusEvent;
  readonly to: ContractStatus;
  readonly writer: StatusWriter;
  /** Absent: in both phases. */
  readonly when?: WorkPhase;
}

const UNDER_WAY = ["accepted", "running", "held"] as const;
const BEFORE_ANSWER = ["pushed", "unconfirmed"] as const;
const ENDINGS = [
  ["contract.failed", "failed"],
  ["contract.aborted", "aborted"],
  ["contract.cancelled", "cancelled"],
  ["contract.expired", "expired"],
  ["contract.released", "released"],
  ["contract.revoked", "released"],
] as const;

const device = (from: ContractStatus, event: StatusEvent, to: ContractStatus): StatusTransition => ({
  from,
  event,
  to,
  writer: "device",
});
const cloud = (from: ContractStatus, event: StatusEvent, to: ContractStatus): StatusTransition => ({
  from,
  event,
  to,
  writer: "cloud",
});

/**
 * The authority on a contract's status. What is not listed changes nothing: a `cancel` that meets `completed` loses.
 * `contract.resumed` moves the status only when it clears the last hold; the reducer, which counts them, sees to that.
 */
export const STATUS_TRANSITIONS: readonly StatusTransition[] = [
  cloud("draft", "cloud.pushed", "pushed"),
  cloud("pushed", "cloud.unconfirmed", "unconfirmed"),
  ...BEFORE_ANSWER.flatMap((from) => [
    device(from, "contract.accepted", "accepted"),
    device(from, "contract.rejected", "rejected"),
    device(from, "contract.revoked", "released"),
    cloud(from, "cloud.expired", "expired"),
  ]),
  device("accepted", "contract.started", "running"),
  device("accepted", "contract.held", "held"),
  device("running", "contract.held", "held"),
  { ...device("held", "contract.resumed", "accepted"), when: "not-begun" },
  { ...device("held", "contract.resumed", "running"), when: "begun" },
  device("running", "contract.completed", "completed"),
  // Of a device that has lost what it wrote of the hold, with the end of its journal.
  device("held", "contract.completed", "completed"),
  ...UNDER_WAY.flatMap((from) => ENDINGS.map(([event, to]) => device(from, event, to))),
  cloud("released", "cloud.reassigned", "reassigned"),
  cloud("failed", "cloud.reassigned", "reassigned"),
  cloud("expired", "cloud.reassigned", "reassigned"),
  // An operator's force-release, and a device that has lost its memory: the lock would stay for ever.
  ...[...BEFORE_ANSWER, ...UNDER_WAY].map((from) => cloud(from, "cloud.released", "released")),
  // Of a device that stays silent until its lease has surely ended (wire format, section 3.5).
  ...UNDER_WAY.map((from) => cloud(from, "cloud.reassigned", "reassigned")),
];

const LOCKED: ReadonlySet<ContractStatus> = new Set(["pushed", "unconfirmed", "accepted", "running", "held"]);
const FINAL: ReadonlySet<ContractStatus> = new Set([
  "completed",
  "failed",
  "aborted",
  "cancelled",
  "rejected",
  "expired",
  "released",
  "reassigned",
]);

/** Whether device and task are locked by a contract of this status. */
export function holdsLock(status: ContractStatus): boolean {
  return LOCKED.has(status);
}

/** Whether the device has nothing left to do for a contract of this status. */
export function isFinal(status: ContractStatus): boolean {
  return FINAL.has(status);
}

/** The next status, or undefined when the event changes nothing in this status. */
export function nextStatus(
  from: ContractStatus,
  event: string,
  phase: WorkPhase = "begun",
): ContractStatus | undefined {
  return STATUS_TRANSITIONS.find(
    (row) => row.from === from && row.event === event && (row.when === undefined || row.when === phase),
  )?.to;
}
