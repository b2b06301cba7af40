import type { EventData } from "#contract/event-data";
import type { EventBody } from "./event-parts.ts";
import type { Situation } from "./situation.ts";

/** What people were last told to expect. */
export interface Noticed {
  readonly contractId: string;
  /** End of the work on the monotonic clock, and how long it was until then. */
  readonly endMs: number;
  readonly secondsRemaining: number;
}

/** An end that moves by more than this share of what was left is news, but not by less than these seconds. */
const SHIFT = { share: 0.2, secondsMin: 15 };

/**
 * What people are told of a step (document 4, §6.10): that the work has started, with an estimate; that a stage is done, or that
 * the end has moved a good deal; that it has ended, with a summary; that a human is needed. Everything else is no news.
 */
export function noticesOf(events: readonly EventBody[], situation: Situation): readonly EventBody[] {
  const told = events.flatMap((event) => tell(event, events, situation));
  if (told.length > 0) return told;
  const estimate = estimateIn(events);
  const delay = estimate && delayOf(estimate, situation);
  return delay === undefined ? [] : [progress(movedText(estimate!, delay), estimate, situation)];
}

/** What was said about the end in these events; undefined when nothing was. */
export function noticedIn(events: readonly EventBody[], { contract, now }: Situation): Noticed | undefined {
  const isTold = events.some(({ type }) => type === "notice");
  const secondsRemaining = estimateIn(events)?.secondsRemaining;
  if (!isTold || secondsRemaining === undefined) return undefined;
  return { contractId: contract.contractId, endMs: now.monoMs + secondsRemaining * 1000, secondsRemaining };
}

type BodyOf<Type extends EventBody["type"]> = Extract<EventBody, { type: Type }>;
type Teller<Type extends EventBody["type"]> = (
  event: BodyOf<Type>,
  events: readonly EventBody[],
  situation: Situation,
) => readonly EventBody[];

/** Events of other types are no news. */
const TELLERS: { readonly [Type in EventBody["type"]]?: Teller<Type> } = {
  "contract.started": (_event, events, situation) => {
    const estimate = estimateIn(events);
    const lasts = estimate ? `, about ${lasting(estimate.secondsRemaining)}` : "";
    const text = `${situation.contract.task.title} has started${lasts}`;
    return [notice("started", text, counted(estimate, situation, 0))];
  },
  "stage.completed": (event, events, situation) => [stageDone(event, events, situation)],
  "contract.completed": (event, _events, situation) => [fulfilled(event, situation)],
  "contract.failed": (event, _events, situation) => [endedOtherwise("failed", event, situation)],
  "contract.aborted": (event, _events, situation) => [endedOtherwise("aborted", event, situation)],
  "contract.expired": (event, _events, situation) => [endedOtherwise("expired", event, situation)],
  "contract.released": (event, _events, situation) => [endedOtherwise("released", event, situation)],
  exception: ({ data }, _events, { contract }) => {
    if (data.severity !== "HIGH" && data.severity !== "URGENT") return [];
    return [notice("needs-human", `${contract.task.title} needs a human: ${data.detail}`, { code: data.code })];
  },
};

function tell<Type extends EventBody["type"]>(
  event: BodyOf<Type>,
  events: readonly EventBody[],
  situation: Situation,
): readonly EventBody[] {
  const teller: Teller<Type> | undefined = TELLERS[event.type as Type];
  return teller?.(event, events, situation) ?? [];
}

function stageDone(event: EventBody, events: readonly EventBody[], situation: Situation): EventBody {
  const { contract, state } = situation;
  const done = doneStages(situation) + 1;
  const goal = contract.stages.find(({ stageId }) => stageId === event.stageId)?.goal ?? event.stageId ?? "";
  const estimate = estimateIn(events);
  const left = estimate && done < state.stages.length ? `, about ${lasting(estimate.secondsRemaining)} left` : "";
  const text = `${contract.task.title}: ${done} of ${state.stages.length} stages done (${goal})${left}`;
  return progress(text, estimate, situation, done);
}

function fulfilled({ data }: BodyOf<"contract.completed">, situation: Situation): EventBody {
  const { durationSeconds, distance, batteryUsed } = data;
  const used = `${Math.round(distance)} m and ${(batteryUsed * 100).toFixed(1)} % of the battery`;
  const text = `${situation.contract.task.title} is done: ${stagesDone(situation)} in ${lasting(durationSeconds)}, ${used}`;
  return notice("finished", text, { outcome: "completed", durationSeconds, distance, batteryUsed });
}

function endedOtherwise(
  outcome: string,
  { data }: { readonly data: EventData<"contract.failed"> },
  situation: Situation,
): EventBody {
  const why = data.detail ?? data.reason;
  const text = `${situation.contract.task.title} ended as ${outcome} after ${stagesDone(situation)}: ${why}`;
  return notice("finished", text, { outcome });
}

function stagesDone(situation: Situation): string {
  return `${doneStages(situation)} of ${situation.state.stages.length} stages`;
}

/** Seconds by which the end is later than people were told, earlier where negative; undefined where that is no news. */
function delayOf(estimate: EventData<"estimate">, { contract, activity, now }: Situation): number | undefined {
  const { noticed } = activity;
  if (noticed?.contractId !== contract.contractId) return undefined;
  const delay = (now.monoMs - noticed.endMs) / 1000 + estimate.secondsRemaining;
  const limit = Math.max(SHIFT.secondsMin, SHIFT.share * noticed.secondsRemaining);
  return Math.abs(delay) > limit ? delay : undefined;
}

function movedText(estimate: EventData<"estimate">, delay: number): string {
  const moved = `${lasting(Math.abs(delay))} ${delay > 0 ? "later" : "earlier"} than expected`;
  return `the end is ${moved}, about ${lasting(estimate.secondsRemaining)} left`;
}

function progress(
  text: string,
  estimate: EventData<"estimate"> | undefined,
  situation: Situation,
  done = doneStages(situation),
): EventBody {
  return notice("progress", text, counted(estimate, situation, done));
}

function counted(
  estimate: EventData<"estimate"> | undefined,
  { state }: Situation,
  stagesCompleted: number,
): Record<string, unknown> {
  const { secondsRemaining, confidence } = estimate ?? {};
  return {
    stagesCompleted,
    totalStages: state.stages.length,
    ...(secondsRemaining === undefined ? {} : { secondsRemaining }),
    ...(confidence === undefined ? {} : { confidence }),
  };
}

function notice(
  kind: "started" | "progress" | "finished" | "needs-human",
  text: string,
  more: Readonly<Record<string, unknown>>,
): EventBody {
  return { type: "notice", data: { kind, text, ...more } };
}

function estimateIn(events: readonly EventBody[]): EventData<"estimate"> | undefined {
  return events.find((event) => event.type === "estimate")?.data;
}

function doneStages({ state }: Situation): number {
  return state.stages.filter(({ status }) => status === "completed").length;
}

function lasting(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
