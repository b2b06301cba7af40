import { ACTIONS } from "#contract/actions";
import type { Stage } from "#contract/contract";

/** Whether the effect of an action may have to be undone by somebody if it is repeated. */
export function isIrreversible(action: string): boolean {
  return ACTIONS[action]?.isIrreversible ?? true;
}

/** Whether an action moves the base. */
export function movesBase(action: string): boolean {
  return ACTIONS[action]?.tools.includes("base") ?? true;
}

/** The tools that a stage uses: those of its action, and those that it asks for. */
export function toolsOf({ action, toolsRequired }: Pick<Stage, "action" | "toolsRequired">): readonly string[] {
  return [...new Set([...toolsRequired, ...(ACTIONS[action]?.tools ?? [])])];
}

/**
 * What a stage keeps others from using until it is done: its tools; and goods are handled standing, so an action that
 * can't be undone claims the base, too.
 */
export function claimsOf(stage: Pick<Stage, "action" | "toolsRequired">): readonly string[] {
  return isIrreversible(stage.action) ? [...toolsOf(stage), "base"] : toolsOf(stage);
}
