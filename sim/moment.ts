import { z } from "zod";

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

const EXPECTED = "expected a duration such as 90s, 500ms, 15m or 8h";

/** `90s`, `500ms`, `15m`, `8h`; becomes milliseconds. */
export const Duration = z
  .string({ error: EXPECTED })
  .regex(DURATION, EXPECTED)
  .transform((text) => {
    const [, amount, unit] = DURATION.exec(text)!;
    return Math.round(Number(amount) * UNIT_MS[unit!]!);
  })
  .meta({ unit: "ms", description: "duration such as 90s" });

/** A moment: a time of the run, or the end of a stage. */
export const When = {
  at: Duration.optional(),
  after: z.strictObject({ contract: z.string(), stage: z.string() }).optional(),
};

export const hasMoment = (entry: { at?: unknown; after?: unknown }): boolean =>
  (entry.at === undefined) !== (entry.after === undefined);
export const MOMENT_RULE = { message: "exactly one of at and after says when" };
