import { Cron } from "croner";
import { z } from "zod";
import { messageOf } from "#lib/errors";

const TIME = /^(?:([01]?\d|2[0-3]):([0-5]\d)|(1[0-2]|[1-9])(?::([0-5]\d))? ?([AaPp])[Mm])$/;

/** A time of day as people write it: `06:00`, `6 AM`, `9:30 pm`. */
export const LocalTime = z.string().regex(TIME, "a time of day such as 06:00 or 6 AM");

/** A cron expression, five or six fields. */
export const CronPattern = z
  .string()
  .max(100)
  .superRefine((pattern, issues) => {
    const problem = cronProblem(pattern);
    if (problem !== undefined) issues.addIssue(problem);
  });

/** An IANA time zone that this runtime knows. */
export const TimeZone = z.string().refine((name) => isTimeZone(name), "an IANA time zone such as Europe/Berlin");

/**
 * The first moment after `afterMs` at which the clocks of the zone show that time, milliseconds since the Unix epoch. A time that is
 * left out when clocks go forward is the moment at which they do; of a time that comes twice when they go back the first counts.
 */
export function nextLocalTime(time: string, timeZone: string, afterMs: number): number {
  const { hours, minutes } = readTime(time);
  return nextRun(`0 ${minutes} ${hours} * * *`, timeZone, afterMs)!;
}

/** The next moment that a cron expression names after `afterMs`; undefined when none will come. */
export function nextRun(pattern: string, timeZone: string, afterMs: number): number | undefined {
  const job = new Cron(pattern, { timezone: timeZone, paused: true });
  return job.nextRun(new Date(afterMs))?.getTime();
}

function readTime(time: string): { readonly hours: number; readonly minutes: number } {
  const [, hours24, minutes24, hours12, minutes12, half] = TIME.exec(time) ?? [];
  if (hours24 !== undefined) return { hours: Number(hours24), minutes: Number(minutes24) };
  const afternoon = half?.toLowerCase() === "p" ? 12 : 0;
  return { hours: (Number(hours12) % 12) + afternoon, minutes: Number(minutes12 ?? 0) };
}

function cronProblem(pattern: string): string | undefined {
  try {
    const job = new Cron(pattern, { paused: true });
    job.stop();
    return undefined;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
