import type { Contract, Stage } from "#contract/contract";
import type { Seconds } from "#lib/units";
import { claimsOf } from "./action-traits.ts";
import type { Forecast } from "./forecast.ts";

/** A stage, and the time that it takes or that is left of it. */
export interface TimedStage {
  readonly stage: Stage;
  readonly time: Forecast;
}

/** When a stage should run, counted from now. */
export interface Slot {
  readonly stageId: string;
  readonly startSeconds: Seconds;
  /** With the errors of what it had to wait for; they are taken for independent. */
  readonly end: Forecast;
}

/**
 * When stages should run, in the order in which they begin, by the rule that carries them out (`findProgress`): each as soon
 * as what it waits for is done and nobody claims its tools, the first of the list first. What is not in the list is done.
 */
export function timetableOf({ stages }: Pick<Contract, "stages">, left: readonly TimedStage[]): readonly Slot[] {
  const before = new Map(
    stages.map(({ stageId, after }, at) => [stageId, after ?? stages.slice(Math.max(0, at - 1), at).map(idOf)]),
  );
  const slots: Slot[] = [];
  let [now, waiting, running] = [NOW, left, [] as readonly Running[]];
  while (waiting.length > 0) {
    const open = new Set([...waiting, ...running].map(({ stage }) => stage.stageId));
    const claimed = new Set(running.flatMap(({ stage }) => claimsOf(stage)));
    const isReady = ({ stage }: TimedStage): boolean =>
      !before.get(stage.stageId)?.some((id) => open.has(id)) && !claimsOf(stage).some((tool) => claimed.has(tool));
    const next = waiting.find(isReady) ?? (running.length === 0 ? waiting[0] : undefined);
    if (next) {
      const end = followedBy(now, next.time);
      slots.push({ stageId: next.stage.stageId, startSeconds: now.seconds, end });
      waiting = waiting.filter((other) => other !== next);
      running = [...running, { ...next, end }].toSorted((a, b) => a.end.seconds - b.end.seconds);
    } else {
      now = running[0]?.end ?? now;
      running = running.slice(1);
    }
  }
  return slots;
}

/** When the last of the stages ends. */
export function endOf(slots: readonly Slot[]): Forecast {
  return (
    slots
      .map(({ end }) => end)
      .toSorted((a, b) => a.seconds - b.seconds)
      .at(-1) ?? NOW
  );
}

interface Running extends TimedStage {
  readonly end: Forecast;
}

const NOW: Forecast = { seconds: 0, sigmaSeconds: 0 };

function followedBy(first: Forecast, second: Forecast): Forecast {
  const variance = first.sigmaSeconds ** 2 + second.sigmaSeconds ** 2;
  return { seconds: first.seconds + second.seconds, sigmaSeconds: Math.sqrt(variance) };
}

function idOf({ stageId }: Stage): string {
  return stageId;
}
