/** One stream of document 3's feed: where its records are posted, and whether a planner may do without it. */
interface StreamSpec {
  readonly path: string;
  readonly isOptional: boolean;
}

/** The streams that come from the journal; `capacity` is a snapshot of the fleet, and comes from none. */
export const STREAMS = {
  movements: { path: "/wes/v1/realtime/movements", isOptional: false },
  exceptions: { path: "/wes/v1/realtime/exceptions", isOptional: false },
  "work-status": { path: "/wes/v1/realtime/work-status", isOptional: true },
} as const satisfies Record<string, StreamSpec>;

export type StreamName = keyof typeof STREAMS;

/** In the order in which document 3 lists them. */
export const STREAM_NAMES = Object.keys(STREAMS) as readonly StreamName[];

/** Where cumulative totals of a shift are posted: the confirmation path. */
export const SHIFT_SUMMARY_PATH = "/wes/v1/confirmation/shift-summary";

/** How many records one call should carry (document 3, "Batching"). */
export const BATCH = { atLeast: 10, atMost: 200 } as const;
