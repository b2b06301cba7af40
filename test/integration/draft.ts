import type { ContractDraft } from "#contract/contract";
import { exampleContract } from "#contract/example";

/** The example contract for this device, without what the cloud fills in; every device has a task of its own. */
export function draftFor(deviceId: string, overrides: Partial<ContractDraft> = {}): ContractDraft {
  const {
    contractId: _id,
    session: _session,
    lease: _lease,
    revision: _revision,
    epoch: _epoch,
    ...rest
  } = exampleContract();
  const { issuedAt: _issuedAt, ...draft } = rest;
  return { ...draft, name: `job-of-${deviceId}`, taskId: `task-of-${deviceId}`, deviceId, ...overrides };
}
