import { z } from "zod";
import type { Problem } from "#contract/event";
import type { Movement } from "#contract/movement";
import { nearestName } from "#lib/nearest-name";

/** What the planner is authoritative for (document 3): its SKUs with their base units and tracking, and its locations. */
export const MasterData = z.strictObject({
  skus: z
    .record(
      z.string().min(1).max(100),
      z.strictObject({
        uom: z.string().min(1).max(20).meta({ description: "base unit" }),
        lotTracked: z.boolean().default(false),
        serialTracked: z.boolean().default(false),
      }),
    )
    .meta({ description: "by SKU" }),
  locations: z.array(z.string().min(1).max(100)).max(1_000_000),
});
export type MasterData = z.infer<typeof MasterData>;

/** What a movement names that the planner does not know, or does not keep that way; paths are RFC 6901. */
export type MovementCheck = (movement: Movement) => readonly Problem[];

export function createMovementCheck({ skus, locations }: MasterData): MovementCheck {
  const known = new Set(locations);
  return (movement) => {
    const sku = Object.hasOwn(skus, movement.sku) ? skus[movement.sku] : undefined;
    const places = (["from_location", "to_location"] as const).flatMap((field) => {
      const value = movement[field];
      if (value === undefined || known.has(value)) return [];
      return [{ path: `/${field}`, message: "unknown location", value, ...nearest(value, locations) }];
    });
    if (!sku)
      return [
        { path: "/sku", message: "unknown SKU", value: movement.sku, ...nearest(movement.sku, Object.keys(skus)) },
        ...places,
      ];
    const problems: Problem[] = [...places];
    if (movement.uom !== sku.uom)
      problems.push({ path: "/uom", message: "is not the SKU's base unit", value: movement.uom, expected: sku.uom });
    if (sku.lotTracked && movement.lot === undefined)
      problems.push({ path: "/lot", message: "is required: the SKU is lot-tracked" });
    if (sku.serialTracked && movement.serial === undefined)
      problems.push({ path: "/serial", message: "is required: the SKU is serial-tracked" });
    return problems;
  };
}

function nearest(name: string, names: readonly string[]): { expected?: string } {
  const found = nearestName(name, names);
  return found === undefined ? {} : { expected: found };
}
