/** What the doctor looked at. */
export const CHECKS = [
  "config",
  "storage",
  "clock",
  "drivers",
  "link",
  "keys",
  "temperature",
  "flash",
  "memory",
] as const;
export type CheckName = (typeof CHECKS)[number];

/** One thing that was looked at. A `problem` keeps the robot from its work or soon will; a `warning` is worth knowing. */
export type Finding =
  | { readonly check: CheckName; readonly level: "ok" | "unknown"; readonly what: string }
  | {
      readonly check: CheckName;
      readonly level: "problem" | "warning";
      readonly what: string;
      /** Why it matters. */
      readonly why: string;
      /** What to do. */
      readonly remedy: string;
    };

/** All is well. */
export function fine(check: CheckName, what: string): Finding {
  return { check, level: "ok", what };
}

/** It can't be told here. */
export function unknown(check: CheckName, what: string): Finding {
  return { check, level: "unknown", what };
}

export function problem(check: CheckName, what: string, why: string, remedy: string): Finding {
  return { check, level: "problem", what, why, remedy };
}

export function warning(check: CheckName, what: string, why: string, remedy: string): Finding {
  return { check, level: "warning", what, why, remedy };
}

/** One plain sentence: what, why it matters, what to do. */
export function sentence(finding: Finding): string {
  const { check, what } = finding;
  return "why" in finding ? `${check}: ${what}; ${finding.why}; ${finding.remedy}` : `${check}: ${what}`;
}
