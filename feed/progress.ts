import { z } from "zod";
import { FeedMemory } from "#contract/feed/records";

const DEAD_LETTERS_KEPT = 100;

/** A record that the planner refused for good, and why. */
export const DeadLetter = z.object({
  correlationId: z.string(),
  deviceId: z.string(),
  eventId: z.string(),
  reason: z.string(),
  at: z.string(),
});
export type DeadLetter = z.infer<typeof DeadLetter>;

/** How far one stream of one sink has come; durable, always as a whole. */
export const Progress = z.object({
  position: z.number().int().min(0),
  /** By device: what later events of its contracts take for granted. */
  memory: z.record(z.string(), FeedMemory).default({}),
  accepted: z.number().int().default(0),
  replayed: z.number().int().default(0),
  rejected: z.number().int().default(0),
  deadLetters: z.array(DeadLetter).default([]),
});
export type Progress = z.infer<typeof Progress>;

/** Adds refused records; the newest 100 are kept, `rejected` counts all of them. */
export function withDeadLetters(progress: Progress, letters: readonly DeadLetter[]): Progress {
  const deadLetters = [...progress.deadLetters, ...letters].slice(-DEAD_LETTERS_KEPT);
  return { ...progress, rejected: progress.rejected + letters.length, deadLetters };
}

/** Where a sink stands that has none saved: at the beginning of what is stored. */
export function readProgress(text: string | undefined): Progress {
  return Progress.parse(text === undefined ? { position: 0 } : JSON.parse(text));
}
