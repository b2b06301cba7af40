import type { Network } from "../network/network.ts";
import type { SimulatedAgent } from "../simulated-agent.ts";
import type { SimulatedCloud } from "../simulated-cloud.ts";
import type { WorldFault } from "../world/faults.ts";

/** What a scenario can do to a run, be it simulated or of real processes. */
export interface Interventions {
  readonly network: Pick<Network, "partition" | "heal">;
  killAgent(deviceId: string): void;
  startAgent(deviceId: string): void;
  killCloud(): void;
  startCloud(): void;
  worldFault(fault: WorldFault): void;
  /** Sends hold, resume or cancel for a contract through the cloud. */
  command(contract: string, type: "hold" | "resume" | "cancel"): void;
  /** Says that something was done. */
  note(who: string, text: string): void;
  /** What can be done to a simulated run only; a real one throws `config.invalid`, which says that there is no `what` in it. */
  virtual(what: string): VirtualInterventions;
}

/** What can be done to a simulated run. */
export interface VirtualInterventions {
  readonly network: Pick<Network, "partition" | "setLink" | "restartBroker" | "impersonate" | "forgetConnections">;
  /** The computer of a robot. */
  readonly agent: (deviceId: string) => Pick<SimulatedAgent, "cutPower" | "disk" | "clock">;
  readonly cloud: Pick<SimulatedCloud, "slow" | "backUp" | "restore">;
  /** Everybody's wall clock jumps. */
  readonly stepClock: (byMs: number) => void;
}
