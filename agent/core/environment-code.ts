/** What can have changed about the world while nobody was looking. */
const CODES = ["pose_implausible", "load_lost", "load_unexpected", "tool_gone"] as const;
export type EnvironmentCode = (typeof CODES)[number];

/** Failures that say that the world is not as it was left: to try the same again does not make it so. */
export const ENVIRONMENT_FAILURES: ReadonlySet<string> = new Set(CODES);
