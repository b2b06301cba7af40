import type { StageUsage } from "#contract/state";
import { movesBase } from "./action-traits.ts";
import { attemptOf } from "./attempts.ts";
import { chargeOf } from "./battery-meter.ts";
import type { Situation } from "./situation.ts";
import type { StageView } from "./stage-order.ts";

const NOTHING: StageUsage = { distance: 0, batteryUsed: 0 };

/** What a stage has taken so far, over all its attempts; what a crash hid since the last word of it is lost. */
export function usageOf(situation: Situation, { stage, known }: StageView): StageUsage {
  const attempt = attemptOf(situation, stage.stageId);
  const { distance, batteryUsed } = (attempt ? attempt.usedBefore : known.used) ?? NOTHING;
  if (!attempt) return { distance, batteryUsed };
  const { driven, battery } = situation.robot;
  const way = movesBase(attempt.action) ? Math.max(0, driven - attempt.drivenAtStart) : 0;
  return {
    distance: distance + way,
    batteryUsed: batteryUsed + chargeOf(attempt, situation.activity.attempts, battery),
  };
}
