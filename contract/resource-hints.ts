import { z } from "zod";

const Bytes = z.number().int().min(0).meta({ unit: "B" });
const Wait = z.number().min(0).max(86_400).meta({ unit: "s" });
const Energy = z.number().min(0).max(1).meta({ unit: "1", description: "share of the battery" });
const LinkNeed = z.enum(["required", "preferred"]);

/** What a stage may need before it starts that can be short for a while. */
export const RESOURCES = ["energy", "memory", "disk", "link", "tools"] as const;
export type Resource = (typeof RESOURCES)[number];

/**
 * A way to do the stage with less: what it then needs in place of the hints (absent: nothing of the kind), and what it then
 * does without.
 */
export const LighterMode = z.strictObject({
  energy: Energy.optional(),
  memoryBytes: Bytes.optional(),
  diskBytes: Bytes.optional(),
  link: LinkNeed.optional(),
  speedShare: z.number().min(0.05).max(1).optional().meta({ unit: "1", description: "share of the speed limit" }),
  telemetrySeconds: z.number().min(1).max(3600).optional().meta({ unit: "s", description: "between live samples" }),
});
export type LighterMode = z.infer<typeof LighterMode>;

/** What a stage needs before it starts. A shortage waits, at most as long as `waits` or else `waitSeconds` says. */
export const ResourceHints = z.strictObject({
  energy: Energy.optional(),
  memoryBytes: Bytes.optional(),
  diskBytes: Bytes.optional(),
  link: LinkNeed.optional(),
  waitSeconds: Wait.optional().meta({ unit: "s", description: "for what `waits` does not name" }),
  waits: z
    .strictObject({
      energy: Wait.optional(),
      memory: Wait.optional(),
      disk: Wait.optional(),
      link: Wait.optional(),
      tools: Wait.optional(),
    } satisfies Record<Resource, z.ZodType>)
    .optional(),
  lighter: LighterMode.optional(),
});
export type ResourceHints = z.infer<typeof ResourceHints>;
