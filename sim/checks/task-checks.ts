import type { Act } from "../conduct.ts";
import type { Evidence } from "../evidence.ts";

/** A journal writes an attempt a moment after it was allowed. */
const TOLERANCE_MS = 1000;
const ACTION_OF = { pick: "pick", place: "place" } as const;

/** Work on a task by a device whose assignment was over, or never was: another one had begun, of a higher epoch or the same. */
export function rivals({ conduct }: Evidence): string[] {
  const found = new Set<string>();
  const begun = new Map<string, Act>();
  const works = [...conduct.acts, ...conduct.moves].toSorted((a, b) => a.atMs - b.atMs);
  for (const work of works) {
    const { taskId, epoch, deviceId } = work;
    if (taskId === undefined || epoch === undefined) continue;
    const newest = begun.get(taskId);
    const isRival = newest && (newest.epoch > epoch || (newest.epoch === epoch && newest.deviceId !== deviceId));
    if (isRival) {
      found.add(
        `${deviceId} worked on ${taskId} (epoch ${epoch}) after ${newest.deviceId} had begun (${newest.epoch})`,
      );
    } else if ("type" in work) begun.set(taskId, work);
  }
  return [...found];
}

/** Actions that were tried, and effects that came about, without being in the scope of their contract. */
export function outOfScope({ conduct, movements, orders }: Evidence): string[] {
  const tried = conduct.acts.flatMap(({ contractId, action }) => (action ? [{ contractId, action }] : []));
  const done = movements.map(({ key, kind }) => ({ contractId: key.split("/")[0]!, action: ACTION_OF[kind] }));
  const strange = [...tried, ...done].filter(({ contractId, action }) => {
    const scope = orders.get(contractId)?.scope.actions;
    return scope !== undefined && !scope.some((entry) => entry.action === action);
  });
  return [...new Set(strange.map(({ contractId, action }) => `${action} for ${contractId}`))];
}

/** Stages that were begun with less battery than their contract demands, by robots that could know it. */
export function weakWork({ conduct, orders }: Evidence): string[] {
  return conduct.acts.flatMap(({ contractId, deviceId, stageId, charge, atMs }) => {
    const order = orders.get(contractId);
    const isOrdered = order?.stages.some((stage) => stage.stageId === stageId);
    if (!isOrdered || charge >= order!.constraints.battery.minimum) return [];
    return [`${deviceId} began ${stageId} with ${charge.toFixed(2)} of its battery at ${atMs / 1000} s`];
  });
}

/** Attempts that began after the time of their contract was over, by the clock that the device took for right. */
export function lateWork({ conduct, orders }: Evidence): string[] {
  const startedMs = new Map<string, number>();
  const late: string[] = [];
  for (const { type, contractId, atMs, deviceId, at, clock } of conduct.acts) {
    if (type === "contract.started") startedMs.set(contractId, atMs);
    const { maxDurationSeconds: seconds, notAfter } = orders.get(contractId)?.constraints.window ?? {};
    if (notAfter && clock === "synced" && Date.parse(at) > Date.parse(notAfter) + TOLERANCE_MS)
      late.push(`${deviceId} began to work for ${contractId} at ${at}, which is to end by ${notAfter}`);
    const start = startedMs.get(contractId);
    if (seconds === undefined || start === undefined || atMs <= start + seconds * 1000 + TOLERANCE_MS) continue;
    late.push(`${deviceId} began to work ${((atMs - start) / 1000).toFixed(1)} s into ${contractId}, of ${seconds} s`);
  }
  return late;
}
