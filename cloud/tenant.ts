import type { Execution } from "./execution.ts";
import type { Tenant } from "./io/store-rows.ts";
import { present } from "./present.ts";
import { type Answer, refuse } from "./problem.ts";
import type { DeviceView, TaskView } from "./views.ts";

/**
 * The same execution, limited to the contracts of one application, account or both: everything else is not found, is left out
 * of lists and of the stream, and cannot be made. Devices that are at work for somebody else are left out as well. Without a
 * limit it is the execution itself.
 */
export function limitedTo(execution: Execution, { application, account }: Tenant): Execution {
  if (application === undefined && account === undefined) return execution;
  const tenant = present({ application, account });
  const isOwn = (owned: Tenant): boolean =>
    (application === undefined || owned.application === application) &&
    (account === undefined || owned.account === account);
  const isVisible = ({ activeContract }: DeviceView): boolean => activeContract === null || isOwn(activeContract);
  const isTaskOwn = (task: TaskView): boolean => isOwn(task) && task.contracts.every(isOwn);

  async function ifOwn<Value>(idOrName: string, run: () => Promise<Answer<Value>>): Promise<Answer<Value>> {
    const found = await execution.getContract(idOrName);
    return found.ok && isOwn(found.value.contract) ? run() : refuse("not_found", `there is no contract ${idOrName}`);
  }
  /** With the tenant filled in where it is left out. */
  async function ifOwnDraft<Value>(
    draft: unknown,
    run: (own: unknown) => Promise<Answer<Value>>,
  ): Promise<Answer<Value>> {
    if (typeof draft !== "object" || draft === null) return run(draft);
    const own: Tenant = { ...tenant, ...draft };
    const whose = Object.entries(tenant).flat().join(" ");
    return isOwn(own) ? run(own) : refuse("forbidden", `this token may only make contracts of ${whose}`);
  }
  async function getTask(taskId: string): ReturnType<Execution["getTask"]> {
    const found = await execution.getTask(taskId);
    if (found.ok && isTaskOwn(found.value)) return found;
    return refuse("not_found", `no contract was ever made for task ${taskId}`);
  }
  async function ifOwnTask<Value>(taskId: string, run: () => Promise<Answer<Value>>): Promise<Answer<Value>> {
    const found = await getTask(taskId);
    return found.ok ? run() : found;
  }
  function getDevice(deviceId: string): ReturnType<Execution["getDevice"]> {
    const found = execution.getDevice(deviceId);
    if (!found.ok || isVisible(found.value)) return found;
    return refuse("unknown_device", `${deviceId} is at work for somebody else`);
  }
  return {
    ...execution,
    pushContract: (draft, options) => ifOwnDraft(draft, (own) => execution.pushContract(own, options)),
    submitTask: (order, options) => ifOwnDraft(order, (own) => execution.submitTask(own, options)),
    cancelTask: (taskId) => ifOwnTask(taskId, () => execution.cancelTask(taskId)),
    assignTask: (draft, options) => ifOwnDraft(draft, (own) => execution.assignTask(own, options)),
    getContract: (idOrName) => ifOwn(idOrName, () => execution.getContract(idOrName)),
    listContracts: (query) => execution.listContracts({ ...query, ...tenant }),
    reconcile: (idOrName) => ifOwn(idOrName, () => execution.reconcile(idOrName)),
    command: (idOrName, type, words) => ifOwn(idOrName, () => execution.command(idOrName, type, words)),
    getTask,
    forceRelease: (taskId, body) => ifOwnTask(taskId, () => execution.forceRelease(taskId, body)),
    listDevices: () => execution.listDevices().filter(isVisible),
    getDevice,
    ...telemetryOf(execution, getDevice),
    policies: {
      ...execution.policies,
      put: (id, body, options) => execution.policies.put(id, body, { ...options, tenant }),
    },
    listExceptions: (query) => execution.listExceptions({ ...query, ...tenant }),
    resolveException: async (id, resolution) =>
      (await isListed(execution, id, tenant))
        ? execution.resolveException(id, resolution)
        : refuse("not_found", `there is no exception ${id}`),
    ...NOTHING_OF_PARTNERS,
    listLedger: (query) => execution.listLedger({ ...query, ...tenant }),
    logAfter: (afterId, limit, filter) => execution.logAfter(afterId, limit, { ...filter, ...tenant }),
    onLogged: (listener) =>
      execution.onLogged((entries) => {
        const own = entries.filter(isOwn);
        if (own.length > 0) listener(own);
      }),
  };
}

/** What partners post besides movements belongs to no contract; for one document of the planner's, others may work as well. */
const NOTHING_OF_PARTNERS: Pick<Execution, "listFeed" | "listDocuments" | "getDocument"> = {
  listFeed: async () => ({ rows: [] }),
  listDocuments: async () => [],
  getDocument: async ({ type, id }) => refuse("not_found", `nothing was ever done for ${type} ${id}`),
};

async function isListed(execution: Execution, id: number, tenant: Tenant): Promise<boolean> {
  const { rows } = await execution.listExceptions({ limit: 1, cursor: String(id + 1), ...tenant });
  return rows.some((row) => row.id === id);
}

/** What devices measure, of those that may be seen. */
function telemetryOf(
  execution: Execution,
  getDevice: Execution["getDevice"],
): Pick<Execution, "latestTelemetry" | "telemetryHistory" | "deviceTracks" | "connectionsOf"> {
  return {
    latestTelemetry: (deviceId) => {
      const found = getDevice(deviceId);
      return found.ok ? execution.latestTelemetry(deviceId) : found;
    },
    deviceTracks: async (deviceId) => {
      const found = getDevice(deviceId);
      return found.ok ? execution.deviceTracks(deviceId) : found;
    },
    connectionsOf: async (deviceId) => {
      const found = getDevice(deviceId);
      return found.ok ? execution.connectionsOf(deviceId) : found;
    },
    telemetryHistory: async (deviceId, channel, span) => {
      const found = getDevice(deviceId);
      return found.ok ? execution.telemetryHistory(deviceId, channel, span) : found;
    },
  };
}
