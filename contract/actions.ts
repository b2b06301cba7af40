import { z } from "zod";
import { Name } from "./identifiers.ts";
import { PointTuple, PoseTuple } from "./spatial.ts";

/** What a tool can say about an effect after a crash. */
export type VerifyAnswer = "done" | "not-done" | "unknown";

/** One row of the table of actions: what a stage gives, what it gets back, what can be known after a crash. */
export interface ActionSpec {
  readonly summary: string;
  readonly inputs: z.ZodType;
  readonly output: z.ZodType;
  readonly verify: readonly VerifyAnswer[];
  /** Names of the tools that it uses; two stages that share one never run side by side. */
  readonly tools: readonly string[];
  /** True when the effect on the world can't be undone by doing nothing: it is verified before it is repeated. */
  readonly isIrreversible: boolean;
}

const Quantity = z.number().positive().max(1e6);

export const NavigateInputs = z.strictObject({
  to: z.union([Name, PoseTuple]).meta({ description: "landmark or [x, y, yaw] in the frame map" }),
  tolerance: z.number().min(0.01).max(5).optional().meta({ unit: "m", description: "default 0.15" }),
});
export const PickInputs = z.strictObject({
  sku: z.string().min(1).max(100),
  quantity: Quantity,
  from: Name.meta({ description: "location, such as rack-b-12.shelf-3" }),
  uom: z.string().min(1).max(20).optional().meta({ description: "unit of measure, default EA" }),
  lot: z.string().max(100).optional(),
  serial: z.string().max(100).optional(),
  gtin: z
    .string()
    .regex(/^(?:\d{8}|\d{12,14})$/)
    .optional()
    .meta({ description: "GTIN-8, -12, -13 or -14 on the item, where its barcode does not carry the SKU" }),
});
export const PlaceInputs = z.strictObject({ to: Name.meta({ description: "location" }) });
export const ScanInputs = z.strictObject({
  expect: z.string().min(1).max(200).optional().meta({ description: "the code that must be read" }),
});
export const CleanInputs = z.strictObject({
  area: z.union([Name, z.array(PointTuple).min(3).max(500)]).meta({ description: "zone, or corners in the frame map" }),
  route: z
    .array(PointTuple)
    .min(2)
    .max(5000)
    .optional()
    .meta({ description: "points to drive through in this order; planned on the device where it is absent" }),
  tools: z
    .array(z.enum(["brush", "vacuum", "water"]))
    .min(1)
    .optional()
    .meta({ description: "what runs meanwhile; default brush and vacuum" }),
  target: z
    .number()
    .positive()
    .max(1)
    .optional()
    .meta({ unit: "1", description: "share of what the tool can get to that is to be covered; default 0.95" }),
});
export const WaitInputs = z.strictObject({ seconds: z.number().min(0).max(86_400).meta({ unit: "s" }) });

/** Share of what the tool can get to that is covered where a stage does not say. */
export const DEFAULT_TARGET = 0.95;

export type NavigateInputs = z.infer<typeof NavigateInputs>;
export type PickInputs = z.infer<typeof PickInputs>;
export type PlaceInputs = z.infer<typeof PlaceInputs>;
export type ScanInputs = z.infer<typeof ScanInputs>;
export type CleanInputs = z.infer<typeof CleanInputs>;
export type WaitInputs = z.infer<typeof WaitInputs>;

/** Every action that this version knows; a contract that names another is refused as `unsupported`. */
export const ACTIONS: Readonly<Record<string, ActionSpec>> = {
  navigate: {
    summary: "Drive to a landmark or pose, around whatever stands in the way.",
    inputs: NavigateInputs,
    output: z.object({
      pose: PoseTuple,
      error: z.number().meta({ unit: "m" }),
      distance: z.number().meta({ unit: "m" }),
    }),
    verify: ["done", "not-done"],
    tools: ["base"],
    isIrreversible: false,
  },
  pick: {
    summary: "Take a quantity of an item from a location.",
    inputs: PickInputs,
    output: z.object({ sku: z.string(), quantity: z.number() }),
    verify: ["done", "not-done", "unknown"],
    tools: ["load"],
    isIrreversible: true,
  },
  place: {
    summary: "Put what is held at a location; `handedOver` is what the location's own sensor says.",
    inputs: PlaceInputs,
    output: z.object({ sku: z.string(), quantity: z.number(), handedOver: z.boolean() }),
    verify: ["done", "not-done", "unknown"],
    tools: ["load"],
    isIrreversible: true,
  },
  scan: {
    summary: "Read the code in front of the scanner.",
    inputs: ScanInputs,
    output: z.object({ code: z.string(), matches: z.boolean() }),
    verify: ["not-done"],
    tools: ["scanner"],
    isIrreversible: false,
  },
  clean: {
    summary: "Cover an area with the cleaning head, around what stands in it; goes on where it was broken off.",
    inputs: CleanInputs,
    output: z.object({
      coverage: z.number().meta({ unit: "1", description: "of what the tool can get to, by the map" }),
      area: z.number().meta({ unit: "m2", description: "covered" }),
      reachable: z.number().meta({ unit: "m2", description: "what the tool can get to" }),
      distance: z.number().meta({ unit: "m", description: "driven by this attempt" }),
    }),
    verify: ["not-done"],
    tools: ["base", "cleaner"],
    isIrreversible: false,
  },
  wait: {
    summary: "Stay where you are for a time.",
    inputs: WaitInputs,
    output: z.object({ seconds: z.number().meta({ unit: "s" }) }),
    verify: ["not-done"],
    tools: [],
    isIrreversible: false,
  },
};
