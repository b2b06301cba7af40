import type { Problem } from "../event.ts";
import { Movement, type MovementKind } from "../movement.ts";
import { WarehouseId } from "./fields.ts";

/** What a kind of movement must say. */
interface KindRule {
  readonly meaning: string;
  readonly needsFrom: boolean;
  readonly needsTo: boolean;
  /** Whether a quantity below zero makes sense; zero never does. */
  readonly isSigned: boolean;
}

const rule = (meaning: string, needs: "from" | "to" | "both" | "none", isSigned = false): KindRule => ({
  meaning,
  needsFrom: needs === "from" || needs === "both",
  needsTo: needs === "to" || needs === "both",
  isSigned,
});

/** Document 3's eight kinds, in its order, with their field rules: the same table writes on the one side and judges on the other. */
export const MOVEMENT_RULES: Readonly<Record<MovementKind, KindRule>> = {
  PICK: rule("taken from a source location toward outbound staging", "from"),
  PUT: rule("placed into a destination location", "to"),
  MOVE: rule("relocated within the warehouse, for no document line", "both"),
  ADJUST: rule("corrected by a cycle count or a discrepancy that was resolved", "none", true),
  CONSUME: rule("input of a work order, used up", "from"),
  PRODUCE: rule("output of a work order", "to"),
  RECEIVE: rule("received from outside", "to"),
  SHIP: rule("shipped to the outside", "from"),
};

/** The kind that an action makes when its stage declares none. */
export const KIND_OF_ACTION: Readonly<Record<string, MovementKind>> = {
  pick: "PICK",
  place: "PUT",
  carry: "MOVE",
  count: "ADJUST",
};

/** A movement as it is posted: the device's, and the warehouse that it happened in. */
export const MovementRecord = Movement.extend({ warehouse_id: WarehouseId });
export type MovementRecord = Movement & { readonly warehouse_id: string };

type Fields = Pick<Movement, "kind" | "qty" | "from_location" | "to_location" | "serial">;

/** What breaks the rules of its kind; paths are RFC 6901, below the movement. */
export function movementProblems({ kind, qty, from_location, to_location, serial }: Fields): Problem[] {
  const { needsFrom, needsTo, isSigned } = MOVEMENT_RULES[kind];
  const problems: Problem[] = [];
  if (needsFrom && !from_location) problems.push({ path: "/from_location", message: `is required for ${kind}` });
  if (needsTo && !to_location) problems.push({ path: "/to_location", message: `is required for ${kind}` });
  if (qty === 0 || (qty < 0 && !isSigned))
    problems.push({ path: "/qty", message: `must be ${isSigned ? "other than zero" : "positive"}`, value: qty });
  if (serial !== undefined && Math.abs(qty) !== 1)
    problems.push({ path: "/qty", message: "must be 1 where a serial is given: one serial a record", value: qty });
  return problems;
}
