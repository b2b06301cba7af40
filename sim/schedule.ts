import type { Event } from "#contract/event";
import type { Clock } from "#lib/clock";
import { applyFault } from "./faults/apply-fault.ts";
import { disturbNetwork } from "./faults/apply-network-fault.ts";
import type { Fault } from "./faults/fault.ts";
import type { Interventions } from "./faults/interventions.ts";
import type { Scenario } from "./scenario.ts";

/** A scenario's faults in their time. */
export interface Schedule {
  /** Tells of an event, which may be the moment that a fault waits for. `contract` is the contract's name, if it has one. */
  observe(event: Event, contract: string | undefined): void;
  /** Whether every fault has begun and ended. */
  isOver(): boolean;
  /** What waits for the end of a stage still, in words. */
  waiting(): readonly string[];
}

/** A fault that follows a stage. */
interface Waiting {
  readonly what: string;
  readonly contract: string;
  readonly stage: string;
  readonly begin: () => void;
}

/** How long a killed process stays dead when the scenario does not say. */
const DEAD_MS = 2000;

/** Arms the network and other faults of a scenario; times count from now. */
export function startSchedule(scenario: Scenario, clock: Clock, act: Interventions): Schedule {
  const robots = scenario.robots.map(({ id }) => id);
  let pending = scenario.network.length + scenario.faults.length;
  const waiting: Waiting[] = [];

  function arm(what: string, moment: Pick<Fault, "at" | "after">, begin: () => void): void {
    if (moment.after) waiting.push({ what, ...moment.after, begin });
    else clock.after(moment.at ?? 0, begin);
  }
  function during(forMs: number, end: (() => void) | undefined): void {
    clock.after(forMs, () => {
      end?.();
      pending--;
    });
  }
  for (const [at, fault] of scenario.network.entries()) {
    arm(`network.${at}`, fault, () => during(fault.for, disturbNetwork(fault, robots, act)));
  }
  for (const [at, fault] of scenario.faults.entries()) {
    arm(`faults.${at} (${fault.do})`, fault, () => during(durationOf(fault), applyFault(fault, act)));
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
    waiting: () => waiting.map(({ what, contract, stage }) => `${what}: ${contract} has not completed ${stage}`),
  };
}

function durationOf(fault: Fault): number {
  return ("for" in fault ? fault.for : undefined) ?? DEAD_MS;
}
