import { checkEnvironment } from "./environment.ts";
import type { Situation } from "./situation.ts";
import { recover } from "./recover.ts";
import { failureOf } from "./stage-outcome.ts";
import { findProgress } from "./stage-order.ts";
import type { Step } from "./step.ts";

/** Sensors and tools get so long after a restart to say what they see. */
const ENVIRONMENT_WITHIN_MS = 30_000;

/**
 * Before a restarted robot moves for a contract that it had begun, the world is compared with what the journal says of it.
 * What has changed is a failure of the next stage, so it is answered like one, except that nothing is simply tried again.
 */
export function verifyEnvironment(situation: Situation): readonly Step[] | undefined {
  const { activity, contract, state, now } = situation;
  const { environment } = activity;
  if (!environment) return undefined;
  const progress = findProgress(contract, state);
  const check = checkEnvironment(situation);
  const isPatient = now.monoMs - environment.sinceMs < ENVIRONMENT_WITHIN_MS;
  if ((!environment.isFelt || check.result === "unclear") && isPatient) return [];
  if (progress.type !== "at" || check.result === "as-left") return [{ type: "trust-environment" }];
  const [view] = progress.views;
  const failure = { ...failureOf(situation, view, check.code, check.detail), effect: "happened" as const };
  return [{ type: "trust-environment" }, recover(situation, view, failure)];
}
