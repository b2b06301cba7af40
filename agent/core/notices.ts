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

function tell(event: EventBody, events: readonly EventBody[], situation: Situation): readonly EventBody[] {
  const { contract } = situation;
  switch (event.type) {
    case "contract.started": {
      const estimate = estimateIn(events);
      const text = `${contract.task.title} has started${estimate ? `, about ${lasting(estimate.secondsRemaining)}` : ""}`;
      return [notice("started", text, counted(estimate, situation, 0))];
    }
    case "stage.completed":
      return [stageDone(event, events, situation)];
    case "contract.completed":
    case "contract.failed":
    case "contract.aborted":
    case "contract.expired":
    case "contract.released":
      return [finished(event, situation)];
    case "exception":
      return event.data.severity === "HIGH" || event.data.severity === "URGENT"
        ? [
            notice("needs-human", `${contract.task.title} needs a human: ${event.data.detail}`, {
              code: event.data.code,
            }),
          ]
        : [];
    default:
      return [];
  }
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

type Ended = Extract<
  EventBody,
  { type: "contract.completed" | "contract.failed" | "contract.aborted" | "contract.expired" | "contract.released" }
>;

function finished(event: Ended, situation: Situation): EventBody {
  const { contract, state } = situation;
  const outcome = event.type.replace("contract.", "");
  const stages = `${doneStages(situation)} of ${state.stages.length} stages`;
  if (event.type !== "contract.completed") {
    const text = `${contract.task.title} ended as ${outcome} after ${stages}: ${event.data.detail ?? event.data.reason}`;
    return notice("finished", text, { outcome });
  }
  const { durationSeconds, distance, batteryUsed } = event.data;
  const used = `${Math.round(distance)} m and ${(batteryUsed * 100).toFixed(1)} % of the battery`;
  return notice("finished", `${contract.task.title} is done: ${stages} in ${lasting(durationSeconds)}, ${used}`, {
    outcome,
    durationSeconds,
    distance,
    batteryUsed,
  });
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
