import { hasLoad } from "./event-parts.ts";
import { escalationOf, type Decision } from "./failure-policy.ts";
import { nextFix, type LocalFix } from "./local-fixes.ts";
import { checkStageResources, type Shortage } from "./resources.ts";
import type { Situation } from "./situation.ts";
import { failureOf } from "./stage-outcome.ts";
import type { StageView } from "./stage-order.ts";
import type { Step } from "./step.ts";

/** Name of the fix that does a stage in the lighter mode that it declares. */
export const LIGHTER_MODE = "lighter-mode";
/** Name of the fix that waits. */
export const WAIT = "wait-for-resources";

/** Under which a shortage is remembered from when it was first seen. */
export function shortageKey(contractId: string, stageId: string, resource: Shortage["resource"] | ""): string {
  return `${contractId}/${stageId}/${resource}`;
}

/** What to do before the stage has what it needs: wait, go over to its lighter mode, or let go; undefined when it has. */
export function secureResources(situation: Situation, view: StageView): readonly Step[] | undefined {
  const { contract, robot, activity, now } = situation;
  const { stage, known } = view;
  const { stageId } = stage;
  const sinceMs = (resource: Shortage["resource"]): number | undefined =>
    activity.shortSinceMs[shortageKey(contract.contractId, stageId, resource)];
  const shortForMs = (resource: Shortage["resource"]): number | undefined => {
    const since = sinceMs(resource);
    return since === undefined ? undefined : now.monoMs - since;
  };
  const isLighter = Object.hasOwn(known.fixes, LIGHTER_MODE);
  const availability = checkStageResources({ stage, contract, robot, isLighter, shortForMs });
  switch (availability.kind) {
    case "available":
      return undefined;
    case "wait": {
      const { shortage, limitSeconds } = availability;
      if (sinceMs(shortage.resource) !== undefined) return [];
      return [{ type: "await-resource", stageId, n: (known.fixes[WAIT] ?? 0) + 1, shortage, limitSeconds }];
    }
    case "lighter":
      return [{ type: "go-lighter", stageId, shortage: availability.shortage, mode: availability.mode }];
    case "impossible":
      return [letGo(situation, view, availability.shortage)];
  }
}

/**
 * The stage can't be done like this. An alternative of its own may need less; without one no way is left on this device, and the
 * task goes back, unless the stage may be left out or the load keeps the task here.
 */
function letGo(situation: Situation, view: StageView, { code, detail }: Shortage): Step {
  const fix = alternativeTo(situation, view, code);
  if (fix) {
    const failure = failureOf(situation, view, code, detail);
    return { type: "recover", failure, decision: { strategy: "fix", fix }, drift: [] };
  }
  const failure = failureOf(situation, view, "resources", `${code}: ${detail}`);
  return { type: "recover", failure, decision: decide(situation, view), drift: [] };
}

/** What is declared for the action apart from alternatives does not help against a lack. */
function alternativeTo(
  { policies, chance }: Situation,
  { stage, known }: StageView,
  code: string,
): LocalFix | undefined {
  const declared = Object.hasOwn(policies.localFixes, stage.action) ? policies.localFixes[stage.action]! : [];
  const fixes = { [stage.action]: declared.filter(({ fix }) => fix === "alternative") };
  return nextFix(fixes, { stage, known, code, chance, isContractWide: false });
}

function decide(situation: Situation, { stage }: StageView): Decision {
  if (stage.optional) return { strategy: "skip" };
  return hasLoad(situation) ? { strategy: "escalate", holdId: escalationOf(stage.stageId) } : { strategy: "reassign" };
}
