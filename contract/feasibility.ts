import { ACTIONS } from "./actions.ts";
import type { ContractDraft, Stage } from "./contract.ts";
import type { Problem } from "./event.ts";

/** What a device can do, by its profile. */
export interface Ability {
  readonly actions: readonly string[];
  readonly tools: readonly string[];
}

/** The tools that a stage uses: those that it asks for, and those that its action implies. */
export function toolsOf(stage: Pick<Stage, "action" | "toolsRequired">): ReadonlySet<string> {
  const implied = Object.hasOwn(ACTIONS, stage.action) ? ACTIONS[stage.action]!.tools : [];
  return new Set([...implied, ...stage.toolsRequired]);
}

/**
 * What in a valid contract a device of this ability could not do: `infeasible` with these problems, or an empty list.
 * An alternative that it can't do is no obstacle; a stage's own action is, unless the stage is optional.
 */
export function infeasibilities(contract: Pick<ContractDraft, "stages">, ability: Ability): Problem[] {
  return contract.stages.flatMap((stage, at) => {
    if (stage.optional) return [];
    const path = `/stages/${at}`;
    const problems: Problem[] = ability.actions.includes(stage.action)
      ? []
      : [lacking(`${path}/action`, "the device can't do this", stage.action, ability.actions)];
    const missing = [...toolsOf(stage)].filter((tool) => !ability.tools.includes(tool));
    return [
      ...problems,
      ...missing.map((tool) => lacking(`${path}/toolsRequired`, "the device has no such tool", tool, ability.tools)),
    ];
  });
}

function lacking(path: string, message: string, value: string, has: readonly string[]): Problem {
  return { path, message, value, expected: has.join(", ") || "nothing" };
}
