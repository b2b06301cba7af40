import { z } from "zod";
import { Name } from "./identifiers.ts";

const Count = z.number().int().min(0);

/** How far a task has come, in the field names of the executor's design (document 4, §6.7). */
export const ProgressSnapshot = z.object({
  task_id: Name,
  elapsed_seconds: z.number().min(0).meta({ unit: "s", description: "since the start of the work" }),
  stages_completed: Count,
  total_stages: Count,
  current_stage: Name.optional(),
  partial_results: z
    .record(z.string(), z.json())
    .optional()
    .meta({ description: "output of the stage that has just ended, by its id" }),
  resource_usage: z.looseObject({
    battery_used: z.number().meta({ unit: "1" }),
    distance: z.number().min(0).meta({ unit: "m" }),
  }),
  errors: z
    .array(z.object({ stage_id: Name, code: z.string() }))
    .optional()
    .meta({ description: "last failure of each stage that has failed" }),
});
export type ProgressSnapshot = z.infer<typeof ProgressSnapshot>;
