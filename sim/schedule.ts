import type { Event } from "#contract/event";
import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import { HEALTHY } from "./network/link.ts";
import type { Network } from "./network/network.ts";
import type { Fault, NetworkFault, Scenario } from "./scenario.ts";
import { WorldFault } from "./world/faults.ts";

/** What a scenario can do to a run. */
export interface Interventions {
  /** Real links know no other faults than `partition`. */
  readonly network: Pick<Network, "partition" | "heal" | "setLink" | "restartBroker">;
  killAgent(deviceId: string): void;
  startAgent(deviceId: string): void;
  killCloud(): void;
  startCloud(): void;
  stepClock(byMs: number): void;
  worldFault(fault: WorldFault): void;
  /** Sends hold, resume or cancel for a contract through the cloud. */
  command(contract: string, type: "hold" | "resume" | "cancel"): void;
  /** Says that something was done. */
  note(who: string, text: string): void;
}

/** A scenario's faults in their time. */
export interface Schedule {
  /** Tells of an event, which may be the moment that a fault waits for. `contract` is the contract's name, if it has one. */
  observe(event: Event, contract: string | undefined): void;
  /** Whether every fault has begun and ended. */
  isOver(): boolean;
}

/** How long a killed process stays dead when the scenario does not say. */
const DEAD_MS = 2000;

/** Arms the network and other faults of a scenario; times count from now. */
export function startSchedule(scenario: Scenario, clock: Clock, act: Interventions): Schedule {
  let pending = scenario.network.length + scenario.faults.length;
  const waiting: { readonly contract: string; readonly stage: string; readonly begin: () => void }[] = [];

  function arm(moment: Pick<Fault, "at" | "after">, begin: () => void): void {
    if (moment.after) waiting.push({ ...moment.after, begin });
    else clock.after(moment.at ?? 0, begin);
  }
  function during(forMs: number, end: () => void): void {
    clock.after(forMs, () => {
      end();
      pending--;
    });
  }
  for (const fault of scenario.network) {
    arm(fault, () => during(fault.for, disturbNetwork(scenario, fault, act)));
  }
  for (const fault of scenario.faults) {
    arm(fault, () => during(fault.for ?? DEAD_MS, applyFault(fault, act)));
  }
  return {
    observe(event, contract) {
      if (event.type !== "stage.completed") return;
      for (const entry of waiting.filter(({ stage }) => stage === event.stageId)) {
        if (entry.contract !== contract && entry.contract !== event.contractId) continue;
        waiting.splice(waiting.indexOf(entry), 1);
        clock.after(0, entry.begin);
      }
    },
    isOver: () => pending === 0,
  };
}

/** Begins a fault of the network and returns what ends it. */
function disturbNetwork(scenario: Scenario, fault: NetworkFault, act: Interventions): () => void {
  const { network } = act;
  if (fault.partition !== undefined) {
    const name = fault.partition;
    act.note(name, `has no link for the next ${fault.for / 1000} s`);
    network.partition(name);
    return () => {
      act.note(name, "is in reach of the network again");
      network.heal(name);
    };
  }
  const names = fault.device === undefined ? scenario.robots.map(({ id }) => id) : [fault.device];
  const faults = {
    ...(fault.loss === undefined ? {} : { loss: fault.loss }),
    ...(fault.delay === undefined ? {} : { delayMs: fault.delay }),
    ...(fault.duplicate === undefined ? {} : { duplicate: fault.duplicate }),
    ...(fault.reorder === undefined ? {} : { reorder: fault.reorder }),
  };
  for (const name of names) network.setLink(name, faults);
  return () => {
    for (const name of names) network.setLink(name, HEALTHY);
  };
}

type Apply = (fault: Fault, act: Interventions) => void | (() => void);

/** Begins any other fault and returns what ends it. */
function applyFault(fault: Fault, act: Interventions): () => void {
  return APPLY[fault.do](fault, act) ?? (() => undefined);
}

const order =
  (type: "hold" | "resume" | "cancel"): Apply =>
  (fault, act) =>
    act.command(required(fault, "contract"), type);
const inWorld =
  (name: WorldFaultName): Apply =>
  (fault, act) =>
    act.worldFault(worldFaultOf(name, fault, fault.device ?? ""));

const APPLY: { readonly [Name in Fault["do"]]: Apply } = {
  "kill-agent": ({ device = "" }, act) => {
    act.note(device, "the agent's process is killed");
    act.killAgent(device);
    return () => act.startAgent(device);
  },
  "kill-cloud": (_fault, act) => {
    act.note("cloud", "its process is killed");
    act.killCloud();
    return () => act.startCloud();
  },
  "broker-restart": (fault, act) => {
    act.note("cloud", "the broker dies and starts again");
    act.network.restartBroker(fault.for);
  },
  "clock-step": (fault, act) => act.stepClock(required(fault, "by") * 1000),
  hold: order("hold"),
  resume: order("resume"),
  cancel: order("cancel"),
  "driver-fault": inWorld("driver-fault"),
  "sensor-noise": inWorld("sensor-noise"),
  battery: inWorld("battery"),
  kidnap: inWorld("kidnap"),
};

type WorldFaultName = "battery" | "kidnap" | "sensor-noise" | "driver-fault";

function worldFaultOf(name: WorldFaultName, fault: Fault, device: string): WorldFault {
  const forMs = fault.for === undefined ? {} : { forMs: fault.for };
  switch (name) {
    case "battery":
      return { do: name, device, charge: required(fault, "by") };
    case "kidnap":
      return { do: name, device, to: required(fault, "to") };
    case "sensor-noise":
      return WorldFault.parse({
        do: name,
        device,
        driver: required(fault, "driver"),
        factor: required(fault, "by"),
        ...forMs,
      });
    case "driver-fault":
      return WorldFault.parse({ do: name, device, driver: required(fault, "driver"), ...forMs });
  }
}

function required<Key extends keyof Fault>(fault: Fault, key: Key): NonNullable<Fault[Key]> {
  const value = fault[key];
  if (value === undefined) throw new AgentError("config.invalid", `faults: ${fault.do} needs ${key}`);
  return value as NonNullable<Fault[Key]>;
}
