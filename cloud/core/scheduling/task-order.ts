import { z } from "zod";
import type { Constraints } from "#contract/contract";
import { Name, Timestamp } from "#contract/identifiers";
import { timestamp } from "#lib/clock";
import { CronPattern, LocalTime, nextLocalTime } from "./local-time.ts";

/** When a task may be worked on, in the words of people or as moments. */
export const TaskWindow = z.strictObject({
  notBefore: Timestamp.optional(),
  notAfter: Timestamp.optional(),
  after: LocalTime.optional().meta({ description: "not before the next such time of day, in the site's time zone" }),
  before: LocalTime.optional().meta({ description: "not after the next such time of day, in the site's time zone" }),
  maxDurationSeconds: z.number().positive().max(31_536_000).optional().meta({ unit: "s" }),
});
export type TaskWindow = z.infer<typeof TaskWindow>;

/** Work that is asked for by its kind: a template makes the contract, the planner finds the device. */
export const TaskOrder = z.strictObject({
  taskId: Name.optional().meta({ description: "drawn when it is left out" }),
  template: Name,
  parameters: z.record(z.string(), z.json()).default({}),
  mapId: Name.optional().meta({ description: "another map than the template's" }),
  application: Name.optional(),
  account: Name.optional(),
  window: TaskWindow.optional(),
  schedule: z
    .strictObject({ cron: CronPattern })
    .optional()
    .meta({ description: "again and again, at moments of the site's time zone; each is a task of its own" }),
});
export type TaskOrder = z.infer<typeof TaskOrder>;

/** Of a task that says nothing about its time. */
const DURATION_SECONDS_MAX = 3600;

/**
 * The window of a task in absolute moments, as a contract has it. Times of day are those that come next after the task was asked
 * for, so the answer does not depend on when it is pushed.
 */
export function windowOf(window: TaskWindow = {}, askedAtMs: number, timeZone: string): Constraints["window"] {
  const { after, before, maxDurationSeconds } = window;
  const notBeforeMs =
    window.notBefore === undefined
      ? after === undefined
        ? undefined
        : nextLocalTime(after, timeZone, askedAtMs)
      : Date.parse(window.notBefore);
  const fromMs = Math.max(askedAtMs, notBeforeMs ?? askedAtMs);
  const notAfter =
    window.notAfter ?? (before === undefined ? undefined : timestamp(nextLocalTime(before, timeZone, fromMs)));
  const isOpen = notAfter === undefined && maxDurationSeconds === undefined;
  return {
    ...(notBeforeMs === undefined ? {} : { notBefore: timestamp(notBeforeMs) }),
    ...(notAfter === undefined ? {} : { notAfter }),
    ...(isOpen ? { maxDurationSeconds: DURATION_SECONDS_MAX } : {}),
    ...(maxDurationSeconds === undefined ? {} : { maxDurationSeconds }),
  };
}
