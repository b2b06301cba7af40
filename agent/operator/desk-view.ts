import { activeContract } from "#contract/reducer";
import type { ContractState, DeviceState } from "#contract/state";
import type { Contract } from "#contract/contract";
import { nextPrompt, promptsOf, type Answers, type OperatorWork, type Prompt } from "./prompts.ts";
import { PROBLEMS, type Problem } from "./problems.ts";
import { wordingOf, type PromptText } from "./wording.ts";

/** All that the operator's screen shows. */
export interface DeskView {
  readonly deviceId: string;
  readonly isOnline: boolean;
  readonly work?: WorkView;
  readonly status: DeskStatus;
}

/** The contract at hand, and which of its stages this is. */
export interface WorkView {
  readonly title: string;
  readonly document?: string;
  readonly goal?: string;
  readonly stage: number;
  readonly stages: number;
}

/** `idle`: no contract; `busy`: the device works by itself for a moment; `held`: paused, `canResume` where the operator may end that. */
export type DeskStatus =
  | { readonly type: "idle"; readonly text: string }
  | { readonly type: "busy"; readonly text: string }
  | { readonly type: "held"; readonly reasons: readonly string[]; readonly canResume: boolean }
  | PromptView;

export interface PromptView {
  readonly type: "prompt";
  /** Names this prompt of this attempt; an answer to another one is out of date. */
  readonly promptId: string;
  readonly stageId: string;
  readonly prompt: Prompt;
  readonly text: PromptText;
  /** Where the stage is done, if it says so. */
  readonly location?: string;
  readonly canGoBack: boolean;
  readonly problems: readonly Problem[];
  /** What was wrong with the last answer. */
  readonly message?: string;
}

/** A stage that waits for a person. */
export interface Seat {
  readonly key: string;
  readonly work: OperatorWork;
  readonly answers: Answers;
  readonly message?: string | undefined;
}

/** The name of the prompt that a seat has come to; undefined when nothing is left to ask. */
export function promptIdOf({ key, work, answers }: Seat): string | undefined {
  const prompt = nextPrompt(work, answers);
  return prompt && `${key}#${prompt.kind}`;
}

/** What the screen shows of the journal and of the stage that waits. */
export function deskStatus(state: DeviceState, seat: Seat | undefined): DeskStatus {
  const active = activeContract(state);
  if (!active) return { type: "idle", text: lastText(Object.values(state.contracts)) };
  if (active.holds.length > 0) {
    const reasons = active.holds.map(({ reason }) => reason);
    return { type: "held", reasons, canResume: active.holds.every(({ by }) => by === "console") };
  }
  return (seat && promptView(seat)) ?? { type: "busy", text: "One moment" };
}

/** The contract that is worked at. */
export function workView(state: DeviceState, contract: Contract | undefined): WorkView | undefined {
  const active = activeContract(state);
  if (!active || !contract) return undefined;
  const { documentRef, title } = contract.task;
  const done = active.stages.filter(({ status }) => status === "completed" || status === "skipped").length;
  const current = active.stages.find(({ status }) => status !== "completed" && status !== "skipped");
  const goal = contract.stages.find(({ stageId }) => stageId === current?.stageId)?.goal;
  return {
    title,
    ...(documentRef && { document: `${documentRef.type} ${documentRef.id}` }),
    ...(goal !== undefined && { goal }),
    stage: Math.min(done + 1, active.stages.length),
    stages: active.stages.length,
  };
}

function promptView(seat: Seat): PromptView | undefined {
  const { work, answers, message } = seat;
  const prompt = nextPrompt(work, answers);
  const promptId = promptIdOf(seat);
  if (!prompt || promptId === undefined) return undefined;
  const location = work.stage.inputs["from"] ?? work.stage.inputs["to"];
  const canGoBack = promptsOf(work, answers)[0]?.kind !== prompt.kind;
  return {
    type: "prompt",
    promptId,
    stageId: work.stage.stageId,
    prompt,
    text: wordingOf(prompt),
    ...(typeof location === "string" && { location }),
    canGoBack,
    problems: PROBLEMS[work.stage.action] ?? [],
    ...(message !== undefined && { message }),
  };
}

function lastText(contracts: readonly ContractState[]): string {
  const last = contracts.at(-1);
  return last ? `${last.name ?? "The last work"} is ${last.status}. Waiting for work.` : "Waiting for work.";
}
