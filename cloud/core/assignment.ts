import type { ContractState, DeviceState } from "#contract/state";

/**
 * A contract of the task that a device is at and the cloud has no record of: its database was restored from a backup. The
 * lock in the database knows nothing of it, so this one is asked for as well. Undefined when there is none.
 */
export function strangeHolder(
  taskId: string,
  recorded: ReadonlySet<string>,
  underWay: readonly ContractState[],
): string | undefined {
  return underWay.find((state) => state.taskId === taskId && !recorded.has(state.contractId))?.contractId;
}

/** The epoch of a new assignment: above everything that was recorded, and everything that a device's journal tells. */
export function nextEpoch(taskId: string, highestRecorded: number, devices: readonly DeviceState[]): number {
  const told = devices.map(({ epochs }) => (Object.hasOwn(epochs, taskId) ? epochs[taskId]! : 0));
  return Math.max(highestRecorded, ...told) + 1;
}
