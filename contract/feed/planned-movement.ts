import { z } from "zod";
import type { Problem } from "../event.ts";
import { MovementKind } from "../movement.ts";
import { KIND_OF_ACTION, MOVEMENT_RULES, movementProblems } from "./movements.ts";

/** What a stage declares about the movement that its completion is, where its action does not say it. */
export const MovementDeclaration = z.strictObject({
  kind: MovementKind.optional().meta({
    description: "the action's own unless given: pick PICK, place PUT, carry MOVE, count ADJUST",
  }),
  sku: z.string().min(1).max(100).optional().meta({ description: "where the action's output names none" }),
  quantity: z.number().optional().meta({ description: "where the action's output names none" }),
  uom: z.string().min(1).max(20).optional(),
  from_location: z.string().min(1).max(100).optional(),
  to_location: z.string().min(1).max(100).optional(),
  lot: z.string().min(1).max(100).optional(),
  serial: z.string().min(1).max(100).optional(),
});
export type MovementDeclaration = z.infer<typeof MovementDeclaration>;

/** The part of a stage that decides about its movement. */
export interface MovingStage {
  readonly action: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly movement?: MovementDeclaration | undefined;
}

/** A movement before it happened: what is counted, the device says when it has. */
export type PlannedMovement = MovementDeclaration & { readonly kind: MovementKind };

/** The movement that completing a stage is: declared, or by its action and inputs; undefined for a stage that moves no goods. */
export function plannedMovement({ action, inputs, movement = {} }: MovingStage): PlannedMovement | undefined {
  const own = Object.hasOwn(KIND_OF_ACTION, action) ? KIND_OF_ACTION[action] : undefined;
  const kind = movement.kind ?? own;
  if (kind === undefined) return undefined;
  const { needsFrom, needsTo } = MOVEMENT_RULES[kind];
  const said = {
    from_location: needsFrom && inputs["from"],
    to_location: needsTo && inputs["to"],
    sku: inputs["sku"],
    uom: inputs["uom"],
    lot: inputs["lot"],
    serial: inputs["serial"],
  };
  return { ...texts(said), ...movement, kind };
}

/** What a stage's movement will lack, known before it begins. */
export function plannedMovementProblems(stage: MovingStage): Problem[] {
  const planned = plannedMovement(stage);
  if (!planned || stage.movement === undefined) return [];
  return movementProblems({ ...planned, qty: planned.quantity ?? 1 });
}

function texts<Key extends string>(values: Record<Key, unknown>): { [Name in Key]?: string } {
  const said = Object.entries(values).filter(([, value]) => typeof value === "string" && value !== "");
  return Object.fromEntries(said) as { [Name in Key]?: string };
}
