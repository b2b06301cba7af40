import { HEALTHY } from "../network/link.ts";
import type { Interventions } from "./interventions.ts";
import type { NetworkFault } from "./network-fault.ts";

/** Begins a fault of the network and returns what ends it. `robots` are those that it is for when it names none. */
export function disturbNetwork(fault: NetworkFault, robots: readonly string[], act: Interventions): () => void {
  const endPartition = fault.partition === undefined ? undefined : partition(fault.partition, fault, act);
  const endWeather = weather(fault, robots, act);
  return () => {
    endPartition?.();
    endWeather?.();
  };
}

function partition(name: string, { for: forMs, oneWay }: NetworkFault, act: Interventions): () => void {
  const seconds = forMs / 1000;
  const lost = oneWay === undefined ? "has no link" : `${oneWay === "up" ? "is not heard" : "hears nothing"}`;
  act.note(name, `${lost} for the next ${seconds} s`);
  if (oneWay === undefined) act.network.partition(name);
  else act.virtual("a partition in one direction").network.partition(name, oneWay);
  return () => {
    act.note(name, "is in reach of the network again");
    act.network.heal(name);
  };
}

function weather(fault: NetworkFault, robots: readonly string[], act: Interventions): (() => void) | undefined {
  const { loss, delay, duplicate, reorder, late, device } = fault;
  const faults = {
    ...(loss === undefined ? {} : { loss }),
    ...(delay === undefined ? {} : { delayMs: delay }),
    ...(duplicate === undefined ? {} : { duplicate }),
    ...(reorder === undefined ? {} : { reorder }),
    ...(late === undefined ? {} : { late: { share: late.share, byMs: late.by } }),
  };
  if (Object.keys(faults).length === 0) return undefined;
  const names = device === undefined ? robots : [device];
  const { network } = act.virtual("a lossy or slow network");
  for (const name of names) network.setLink(name, faults);
  return () => {
    for (const name of names) network.setLink(name, HEALTHY);
  };
}
