import { z } from "zod";
import { Name } from "#contract/identifiers";
import { Duration } from "../moment.ts";

const Prompt = z.enum(["go", "scan-location", "scan-item", "lot", "serial", "quantity", "scan-code", "confirm"]);
const At = { stage: Name, at: Prompt };
const Code = z.string().min(1).max(500);

/** Something that the person does at a prompt instead of what is right, once. */
export const ScriptEntry = z.union([
  z.strictObject({ ...At, scan: Code }),
  z.strictObject({ ...At, quantity: z.number() }),
  z.strictObject({ ...At, report: z.string().min(1).max(64), taken: z.int().min(0).default(0) }),
  z.strictObject({ ...At, pause: Duration }),
]);
export type ScriptEntry = z.infer<typeof ScriptEntry>;

/** The person who carries a device: does what the screen asks, at their own pace, but for what the script says. */
export const OperatorScript = z.strictObject({
  seconds: z
    .tuple([z.number().min(0).max(600), z.number().min(0).max(600)])
    .default([2, 5])
    .meta({ unit: "s", description: "shortest and longest time from a question to its answer" }),
  script: z.array(ScriptEntry).default([]),
});
export type OperatorScript = z.infer<typeof OperatorScript>;
