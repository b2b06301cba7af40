import type { Contract } from "#contract/contract";
import type { Problem, RejectReason } from "#contract/event";
import { activeContract } from "#contract/reducer";
import type { ContractState, DeviceState } from "#contract/state";
import { holdsLock } from "#contract/status";
import { isIrreversible } from "./action-traits.ts";
import { infeasibilities, type DeviceAbilities } from "./feasibility.ts";
import type { Moment } from "./lease.ts";

/** What a contract that verified and parsed meets on its arrival. */
export interface Arrival {
  readonly deviceId: string;
  /** Of the connection that the contract came through. */
  readonly session: string;
  readonly receivedAt: Moment;
  readonly abilities: DeviceAbilities;
  /** Contracts that were revoked before they arrived. */
  readonly revoked: readonly string[];
  /** Whether a stage of the contract started or ended after the event that `replaces.journalSeq` names. */
  readonly hasMovedOn: boolean;
}

export interface Refusal {
  readonly reason: RejectReason;
  readonly problems: readonly Problem[];
  /** True when the contract answers a state that is no longer this device's. */
  readonly isStalePlan?: boolean;
}

/** `known`: this revision was accepted before. */
export type Admission =
  | { readonly kind: "accept" }
  | { readonly kind: "known" }
  | { readonly kind: "refuse"; readonly refusal: Refusal };

/** Whether a device takes a contract on; the first reason against it counts (wire format, sections 3.1, 3.2 and 4). */
export function admit(contract: Contract, state: DeviceState, arrival: Arrival): Admission {
  if (contract.deviceId !== arrival.deviceId) {
    return refuse("wrong_device", "/deviceId", "the contract is for another device", contract.deviceId);
  }
  const known = state.contracts[contract.contractId];
  if (known?.revision === contract.revision) return { kind: "known" };
  for (const check of CHECKS) {
    const refusal = check(contract, state, arrival);
    if (refusal) return { kind: "refuse", refusal };
  }
  return { kind: "accept" };
}

type Check = (contract: Contract, state: DeviceState, arrival: Arrival) => Refusal | undefined;

const CHECKS: readonly Check[] = [
  checkSession,
  checkEpoch,
  checkExpiry,
  checkRevision,
  checkFree,
  checkRoom,
  checkFeasible,
];

/** The journal is never evicted; above this share of its budget what is left belongs to the work that was taken on. */
const JOURNAL_SHARE_MAX = 0.9;

function checkSession(contract: Contract, _state: DeviceState, { session }: Arrival): Refusal | undefined {
  if (contract.session === session) return undefined;
  return refusal("stale_session", "/session", "the contract was signed for another session", contract.session);
}

function checkEpoch(contract: Contract, state: DeviceState, { revoked }: Arrival): Refusal | undefined {
  if (revoked.includes(contract.contractId)) {
    return refusal("stale_epoch", "/contractId", "the contract was revoked before it arrived", contract.contractId);
  }
  const fence = Object.hasOwn(state.epochs, contract.taskId) ? state.epochs[contract.taskId]! : 0;
  if (contract.epoch >= fence) return undefined;
  return refusal("stale_epoch", "/epoch", "the task was assigned anew since", contract.epoch, `at least ${fence}`);
}

/** Wall times mean nothing on a clock that was never set; the lease then counts from the receipt. */
function checkExpiry(contract: Contract, _state: DeviceState, { receivedAt }: Arrival): Refusal | undefined {
  if (receivedAt.clock === "unsynced") return undefined;
  const { notAfter } = contract.constraints.window;
  if (notAfter !== undefined && receivedAt.wallMs > Date.parse(notAfter)) {
    return refusal("expired", "/constraints/window/notAfter", "the time window has passed", notAfter);
  }
  const leaseEndMs = Date.parse(contract.issuedAt) + contract.lease.durationSeconds * 1000;
  if (receivedAt.wallMs <= leaseEndMs) return undefined;
  return refusal("expired", "/issuedAt", "the lease is over since it was issued", contract.issuedAt);
}

function checkRevision(contract: Contract, state: DeviceState, arrival: Arrival): Refusal | undefined {
  const known = state.contracts[contract.contractId];
  const { replaces, revision } = contract;
  if (!known) {
    if (!replaces) return undefined;
    return refusal("invalid", "/replaces", "this device does not know the contract that it replaces");
  }
  if (!holdsLock(known.status)) {
    return refusal("invalid", "/contractId", `the contract has ended: ${known.status}`, contract.contractId);
  }
  if (revision < known.revision) {
    return refusal("invalid", "/revision", "a newer revision is stored", revision, `above ${known.revision}`);
  }
  if (contract.taskId !== known.taskId) {
    return refusal("invalid", "/taskId", "a revision stays with its task", contract.taskId, known.taskId);
  }
  return isUpToDate(contract, known, arrival) ? checkKept(contract, known) : stalePlan(known);
}

/** What was begun and can't be undone stays in every plan, or nobody would ever ask what became of it. */
function checkKept(contract: Contract, known: ContractState): Refusal | undefined {
  const lost = known.stages.find((stage) => {
    const planned = contract.stages.find(({ stageId }) => stageId === stage.stageId);
    return stage.status === "started" && isIrreversible(stage.action) && planned?.action !== stage.action;
  });
  const message = "the plan drops a stage that was begun and can't be undone";
  return lost && refusal("invalid", "/stages", message, lost.stageId);
}

function isUpToDate({ replaces }: Contract, known: ContractState, { hasMovedOn }: Arrival): boolean {
  return (
    replaces !== undefined &&
    replaces.revision === known.revision &&
    replaces.localRevision === known.localRevision &&
    !hasMovedOn
  );
}

function stalePlan(known: ContractState): Refusal {
  const expected = `revision ${known.revision}, localRevision ${known.localRevision}, and the newest stage events`;
  const stale = refusal(
    "invalid",
    "/replaces",
    "the plan replaces a state that is no longer this device's",
    undefined,
    expected,
  );
  return { ...stale, isStalePlan: true };
}

function checkFree(contract: Contract, state: DeviceState): Refusal | undefined {
  const active = activeContract(state);
  if (!active || active.contractId === contract.contractId) return undefined;
  return refusal("busy", "/contractId", `the contract ${active.contractId} is active`, contract.contractId);
}

/** New work is refused before the journal is full; what was accepted is finished, new plans for it included. */
function checkRoom(contract: Contract, state: DeviceState, { abilities }: Arrival): Refusal | undefined {
  const share = abilities.journalShare ?? 0;
  if (share < JOURNAL_SHARE_MAX || state.contracts[contract.contractId]) return undefined;
  const percent = Math.round(share * 100);
  return refusal("infeasible", "", `the journal is ${percent} % full and waits for the cloud to acknowledge it`);
}

function checkFeasible(contract: Contract, _state: DeviceState, { abilities }: Arrival): Refusal | undefined {
  const problems = infeasibilities(contract, abilities);
  return problems.length === 0 ? undefined : { reason: "infeasible", problems };
}

function refusal(
  reason: RejectReason,
  path: string,
  message: string,
  value?: string | number,
  expected?: string,
): Refusal {
  const problem: Problem = {
    path,
    message,
    ...(value === undefined ? {} : { value }),
    ...(expected === undefined ? {} : { expected }),
  };
  return { reason, problems: [problem] };
}

function refuse(reason: RejectReason, path: string, message: string, value: string): Admission {
  return { kind: "refuse", refusal: refusal(reason, path, message, value) };
}
