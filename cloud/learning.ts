import type { Contract } from "#contract/contract";
import type { Event } from "#contract/event";
import type { CloudContext } from "./context.ts";
import { sampleOf } from "./core/stage-work.ts";
import { kindOf, type Device } from "./fleet.ts";

/** Of each device; older ones hardly count beside them. */
const CONTRACTS_LEARNED_FROM = 10;

/** Tells the estimator what the journals of all devices say that work has taken. */
export async function learnFromPast(context: CloudContext): Promise<void> {
  for (const device of context.fleet.all()) {
    for (const contractId of Object.keys(device.state.contracts).slice(-CONTRACTS_LEARNED_FROM)) {
      if (context.ended.aborted) return;
      await learnFrom(context, device, await context.store.contractEvents(contractId));
    }
  }
}

/** Tells the estimator of the stages that these events have completed. */
export async function learnFrom(context: CloudContext, device: Device, events: readonly Event[]): Promise<void> {
  const ended = events.filter(({ type }) => type === "stage.completed");
  for (const event of ended) {
    const contract = await contractOf(context, device, event.contractId);
    const sample = contract && sampleOf(contract, event, kindOf(device));
    if (sample) context.estimator.learn(sample);
  }
}

async function contractOf(
  { store }: CloudContext,
  { contract: current }: Device,
  contractId: string | undefined,
): Promise<Contract | undefined> {
  if (contractId === undefined) return undefined;
  return current?.contractId === contractId ? current.contract : (await store.contract(contractId))?.contract;
}
