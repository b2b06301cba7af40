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

/**
 * What a stage keeps others from using until it is done: the tools of its action and those that it asks for. Goods are
 * handled standing, so an action that can't be undone claims the base, too.
 */
export function claimsOf({ action, toolsRequired }: Pick<Stage, "action" | "toolsRequired">): readonly string[] {
  const standing = isIrreversible(action) ? ["base"] : [];
  return [...toolsRequired, ...(ACTIONS[action]?.tools ?? []), ...standing];
}
