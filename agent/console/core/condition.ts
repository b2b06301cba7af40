import { activeContract } from "#contract/reducer";
import { isFinal } from "#contract/status";
import type { ContractState } from "#contract/state";
import type { ConsoleFacts } from "./facts.ts";

/** The robot in one word, as the prompt shows it. */
export type StateWord = "RUN" | "HOLD" | "IDLE" | "ESTOP" | "STOP" | "SAFE" | "START" | "DEAD";

/** What the robot is at, the gravest first: `SAFE` is safe mode (no motion until somebody looked), `DEAD` an agent that does not run. */
export function stateWord({ live, state }: ConsoleFacts): StateWord {
  if (!live) return "DEAD";
  const { safety } = live;
  if (safety.faults.some(({ part }) => part === "estop")) return "ESTOP";
  if (safety.reason?.startsWith("safe mode")) return "SAFE";
  if (safety.mode === "stopped") return "STOP";
  if (safety.mode === "starting") return "START";
  const active = activeContract(state);
  if (!active) return "IDLE";
  return active.holds.length > 0 ? "HOLD" : "RUN";
}

/** The contract that the robot has, or had last. */
export function newestContract({ state }: ConsoleFacts): ContractState | undefined {
  return activeContract(state) ?? Object.values(state.contracts).at(-1);
}

/** `pick-4521 running, stage 2 of 5: drive`. */
export function contractLine(contract: ContractState): string {
  const { name, contractId, status, stages, endReason } = contract;
  const called = name ?? contractId;
  if (isFinal(status)) return `${called} ${status}${endReason === undefined ? "" : ` (${endReason})`}`;
  const at = currentStage(contract);
  const stage = at === undefined ? "" : `, stage ${at + 1} of ${stages.length}: ${stages[at]!.stageId}`;
  return `${called} ${status}${stage}`;
}

/** Index of the stage that is under way, or comes next. */
export function currentStage({ stages }: ContractState): number | undefined {
  const begun = stages.findIndex(({ status }) => status === "started" || status === "failed");
  const at = begun >= 0 ? begun : stages.findIndex(({ status }) => status === "pending");
  return at >= 0 ? at : undefined;
}
