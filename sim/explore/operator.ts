import { type ContractStatus, isFinal } from "#contract/status";
import { repeat, type Clock } from "#lib/clock";
import type { Site } from "../site.ts";
import type { Phases } from "./draw.ts";

const LOOK_EVERY_MS = 2000;
const ROWS_MAX = 100;

/** Whoever minds the site once it is calm: lets go of what is held, and in the end calls off what has not ended by itself. */
export function startOperator(site: Site, clock: Clock, phases: Phases): void {
  repeat(clock, LOOK_EVERY_MS, () => {
    const nowMs = clock.nowMs();
    if (nowMs < phases.resumeAtMs) return;
    site.follow(look(site, nowMs < phases.cancelAtMs ? "resume" : "cancel"));
    if (nowMs >= phases.releaseAtMs) site.follow(release(site));
  });
}

const ORDER = { by: "the operator", reason: "its disk was damaged", confirm: true };

async function release(site: Site): Promise<void> {
  const execution = site.cloud.execution();
  if (!execution) return;
  const { rows } = await execution.listContracts({ limit: ROWS_MAX });
  for (const { taskId, contractId, deviceId, status } of rows) {
    const state = site.agents.get(deviceId)?.agent()?.state();
    const isForgotten = site.memoryOf(deviceId) === "damaged" && state && !state.contracts[contractId];
    if (isForgotten && !isFinal(status as ContractStatus)) await execution.forceRelease(taskId, ORDER);
  }
}

async function look(site: Site, order: "resume" | "cancel"): Promise<void> {
  const execution = site.cloud.execution();
  if (!execution) return;
  const { rows } = await execution.listContracts({ limit: ROWS_MAX });
  for (const { contractId, status } of rows) {
    const isMeant = order === "cancel" ? !isFinal(status as ContractStatus) : status === "held";
    if (isMeant) await execution.command(contractId, order);
  }
}
