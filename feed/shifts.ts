import { Cron } from "croner";
import { z } from "zod";
import { assert } from "#lib/errors";

/** When shifts change, and when their movements are confirmed. */
export const ShiftPlan = z.strictObject({
  starts: z
    .array(z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "HH:MM"))
    .min(1)
    .max(24)
    .meta({ description: "local times at which a shift begins and the one before it ends" }),
  timeZone: z.string().refine(isTimeZone, "an IANA time zone, such as Europe/Berlin").default("UTC"),
  settleMinutes: z.number().min(0).max(1440).default(10).meta({
    unit: "min",
    description: "how long a shift's end waits for movements of devices that are still offline",
  }),
});
export type ShiftPlan = z.infer<typeof ShiftPlan>;

/** Where the shift that holds `wallMs` begins. */
export function shiftStart(plan: ShiftPlan, wallMs: number): number {
  // One millisecond on: an instant at which a shift begins belongs to that shift.
  const starts = crons(plan).map((cron) => cron.previousRuns(1, new Date(wallMs + 1))[0]);
  return Math.max(...starts.map((start) => start?.getTime() ?? 0));
}

/** Where the shift that begins at `startMs` ends; windows are half open, so the next one begins there. */
export function shiftEnd(plan: ShiftPlan, startMs: number): number {
  const ends = crons(plan).flatMap((cron) => cron.nextRun(new Date(startMs))?.getTime() ?? []);
  assert(ends.length > 0, "every local time comes again");
  return Math.min(...ends);
}

function crons({ starts, timeZone }: ShiftPlan): Cron[] {
  return starts.map((start) => {
    const [hour, minute] = start.split(":").map(Number);
    return new Cron(`${minute} ${hour} * * *`, { timezone: timeZone, paused: true });
  });
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch (thrown) {
    if (thrown instanceof RangeError) return false;
    throw thrown;
  }
}
