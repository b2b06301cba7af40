import { timestamp } from "#lib/clock";
import type { Stage } from "#contract/contract";
import { movementProblems } from "#contract/feed/movements";
import { plannedMovement, type PlannedMovement } from "#contract/feed/planned-movement";
import type { Movement } from "#contract/movement";
import type { Situation } from "./situation.ts";
import type { Output } from "./step.ts";

/** Unit of a quantity for which the contract names none. */
const EACH = "EA";

/**
 * The inventory movement that a completed stage is, in the planner's terms (`contract/feed/movements.ts` has the kinds);
 * undefined for one that moved no goods. What counts is what the device says it did, not what was asked for.
 */
export function movementOf(
  stage: Stage,
  output: Output,
  { contract, parent = contract, now }: Pick<Situation, "contract" | "parent" | "now">,
  { actor, uuid }: { readonly actor: Movement["actor"]; readonly uuid: () => string },
): Movement | undefined {
  const planned = plannedMovement(stage);
  const counted = planned && countOf(stage, planned, output);
  if (!counted) return undefined;
  const { quantity: _asked, ...rest } = planned;
  const { documentRef } = parent.task;
  const picked = pickOf(parent.stages, counted.sku);
  const movement = {
    correlation_id: uuid(),
    ...goodsOf(picked),
    ...rest,
    ...counted,
    uom: planned.uom ?? picked?.uom ?? EACH,
    ...(documentRef && { document_ref: documentRef }),
    occurred_at: timestamp(now.wallMs),
    actor,
  };
  // A stage that put nothing where it should has moved nothing.
  return movementProblems(movement).length === 0 ? movement : undefined;
}

/** What the output says was moved, else what the stage declares. */
function countOf(
  { movement: declared }: Stage,
  { quantity }: PlannedMovement,
  output: Output,
): { readonly sku: string; readonly qty: number } | undefined {
  const sku = output["sku"] ?? declared?.sku;
  const qty = output["quantity"] ?? quantity;
  return typeof sku === "string" && typeof qty === "number" ? { sku, qty } : undefined;
}

/** What is set down is of the unit, lot and serial that it was picked as. */
function pickOf(stages: readonly Stage[], sku: string): PlannedMovement | undefined {
  const pick = stages.find((other) => other.action === "pick" && other.inputs["sku"] === sku);
  return pick && plannedMovement(pick);
}

function goodsOf({ lot, serial }: Partial<PlannedMovement> = {}): Pick<PlannedMovement, "lot" | "serial"> {
  return {
    ...(lot !== undefined && { lot }),
    ...(serial !== undefined && { serial }),
  };
}
