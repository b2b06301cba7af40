import { timestamp } from "#lib/clock";
import { PickInputs, PlaceInputs } from "#contract/actions";
import type { Stage } from "#contract/contract";
import type { Movement } from "#contract/movement";
import type { Situation } from "./situation.ts";
import type { Output } from "./step.ts";

/** Unit of a quantity for which the contract names none. */
const EACH = "EA";

/**
 * The inventory movement that an action made, in the planner's terms: PICK for what was taken, PUT for what was set down;
 * undefined for an action that moves no goods. What counts is what the device says it did, not what was asked for.
 */
export function movementOf(
  stage: Stage,
  output: Output,
  { contract, parent = contract, now }: Pick<Situation, "contract" | "parent" | "now">,
  { deviceId, uuid }: { readonly deviceId: string; readonly uuid: () => string },
): Movement | undefined {
  const { sku, quantity } = output;
  if (typeof sku !== "string" || typeof quantity !== "number" || quantity <= 0) return undefined;
  const { documentRef } = parent.task;
  const common = {
    correlation_id: uuid(),
    sku,
    qty: quantity,
    ...(documentRef && { document_ref: documentRef }),
    occurred_at: timestamp(now.wallMs),
    actor: { kind: "ROBOT", id: deviceId },
  };
  if (stage.action === "pick") {
    const inputs = PickInputs.parse(stage.inputs);
    return { ...common, kind: "PICK", ...goodsOf(inputs), from_location: inputs.from };
  }
  if (stage.action !== "place") return undefined;
  const picked = parent.stages.find((other) => other.action === "pick" && other.inputs["sku"] === sku);
  const goods = picked ? goodsOf(PickInputs.parse(picked.inputs)) : { uom: EACH };
  return { ...common, kind: "PUT", ...goods, to_location: PlaceInputs.parse(stage.inputs).to };
}

function goodsOf({ uom = EACH, lot, serial }: PickInputs): { uom: string; lot?: string; serial?: string } {
  return { uom, ...(lot === undefined ? {} : { lot }), ...(serial === undefined ? {} : { serial }) };
}
