import { z } from "zod";

/** Identifier of a device, task, zone, landmark or stage: safe in topics, paths and file names. */
export const Name = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, "1 to 64 of A-Z a-z 0-9 . _ -")
  .meta({ description: "1 to 64 of A-Z a-z 0-9 . _ -" });

/** UUIDv7 of a contract, command or event (RFC 9562 §5.7). */
export const Uuid7 = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, "a UUIDv7 in lower case")
  .meta({ description: "UUIDv7 in lower case" });

/** RFC 3339 UTC with milliseconds. */
export const Timestamp = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, "RFC 3339 UTC with milliseconds, such as 2026-01-31T09:30:00.000Z")
  .refine(doesExist, "a date that exists")
  .meta({ format: "date-time" });

/** The 30th of February parses, as the 2nd of March. */
function doesExist(text: string): boolean {
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text;
}
