/** Life of one stage. A stage that is `completed` or `skipped` stays so. */
export const STAGE_STATUSES = ["pending", "started", "failed", "completed", "skipped"] as const;
export type StageStatus = (typeof STAGE_STATUSES)[number];

/** Events that move one stage, or say something about its attempt. */
export const STAGE_EVENTS = [
  "stage.started",
  "stage.attempt",
  "stage.verified",
  "stage.failed",
  "stage.completed",
  "stage.skipped",
] as const;
export type StageEventType = (typeof STAGE_EVENTS)[number];

/** What must be true of the number `n` that the event names: higher than was ever attempted, or the last that was. */
export type AttemptCondition = "new attempt" | "last attempt";

export interface StageTransition {
  readonly from: StageStatus;
  readonly event: StageEventType;
  readonly to: StageStatus;
  /** Absent: whatever the number. */
  readonly when?: AttemptCondition;
}

/** Statuses of a stage that something may still happen to; of a pending one nothing was attempted that could be verified. */
const OPEN = ["pending", "started", "failed"] as const;
const ATTEMPTED = ["started", "failed"] as const;

/**
 * The authority on a stage's status. What is not listed changes nothing. A stage may fail before it was started (its tools are
 * not there), be completed without a start (a tool verified, after a crash, what nobody saw end), and begin again after a
 * failure; only what is completed or skipped is over.
 */
export const STAGE_TRANSITIONS: readonly StageTransition[] = [
  ...OPEN.flatMap((from): readonly StageTransition[] => [
    { from, event: "stage.started", to: "started" },
    { from, event: "stage.attempt", to: "started", when: "new attempt" },
    { from, event: "stage.failed", to: "failed" },
    { from, event: "stage.completed", to: "completed" },
    { from, event: "stage.skipped", to: "skipped" },
  ]),
  ...ATTEMPTED.map((from): StageTransition => ({ from, event: "stage.verified", to: from, when: "last attempt" })),
];

/** The status that an event moves a stage to, which may be the same; undefined when the event does nothing to the stage. */
export function nextStageStatus(
  stage: { readonly status: StageStatus; readonly attempts: number },
  event: StageEventType,
  n: number | undefined,
): StageStatus | undefined {
  const row = STAGE_TRANSITIONS.find((candidate) => candidate.from === stage.status && candidate.event === event);
  if (!row || (row.when && !meets(row.when, stage.attempts, n))) return undefined;
  return row.to;
}

function meets(condition: AttemptCondition, attempts: number, n: number | undefined): boolean {
  if (n === undefined) return false;
  return condition === "new attempt" ? n > attempts : n === attempts;
}
