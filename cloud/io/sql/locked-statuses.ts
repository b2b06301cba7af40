import { holdsLock, STATUS_TRANSITIONS, type ContractStatus } from "#contract/status";

/** Statuses of contracts that hold the locks of their device and task, as the table of transitions has them. */
export const LOCKED_STATUSES: readonly ContractStatus[] = [
  ...new Set(STATUS_TRANSITIONS.flatMap((row) => [row.from, row.to])),
].filter(holdsLock);
