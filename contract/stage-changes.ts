import { z } from "zod";
import { Name } from "./identifiers.ts";

/**
 * How a stage is done otherwise than its contract says, after a local fix or a revision of the device's own. Each event that
 * makes one says the whole of it, so a journal explains itself whatever the device is configured with today.
 */
export const StageChanges = z.looseObject({
  action: Name.optional(),
  inputs: z.record(z.string(), z.json()).optional(),
  after: z
    .array(Name)
    .optional()
    .meta({ description: "stages that it waits for, where that is not the contract's order" }),
  alternative: z.number().int().min(0).optional().meta({ description: "which of the stage's alternatives this is" }),
  speedShare: z.number().min(0.05).max(1).optional().meta({ unit: "1", description: "share of the speed limit" }),
  telemetrySeconds: z
    .number()
    .min(1)
    .max(3600)
    .optional()
    .meta({ unit: "s", description: "between live samples, where the stage does with fewer" }),
  roomShare: z
    .number()
    .min(0.05)
    .max(1)
    .optional()
    .meta({ unit: "1", description: "share of the room that is kept where there is more than is needed" }),
  goalShift: z
    .tuple([z.number(), z.number()])
    .optional()
    .meta({ unit: "m", description: "goal of a drive moved ahead and to the left, within its tolerance" }),
});
export type StageChanges = z.infer<typeof StageChanges>;
