import type { Severity } from "#contract/contract";

/** How bad each failure is unless the contract says otherwise (document 4 §6.5). */
const SEVERITIES: Readonly<Record<string, Severity>> = {
  timeout: "moderate",
  blocked: "moderate",
  no_route: "moderate",
  goal_occupied: "moderate",
  budget_exhausted: "moderate",
  driver_failed: "moderate",
  driver_timeout: "moderate",
  scan_mismatch: "moderate",
  validation_failed: "moderate",
  speed_exceeded: "moderate",
  tool_down: "moderate",
  link_down: "moderate",
  energy_short: "major",
  outside_excerpt: "major",
  start_in_obstacle: "major",
  driver_down: "major",
  tool_missing: "major",
  output_invalid: "major",
  battery_low: "major",
  window_passed: "major",
  duration_exceeded: "major",
  zone_forbidden: "major",
  out_of_scope: "major",
  effect_unknown: "major",
};

/** The severity of a failure code; one that the table does not know is `major`, because nobody thought about it. */
export function severityOf(code: string): Severity {
  return Object.hasOwn(SEVERITIES, code) ? SEVERITIES[code]! : "major";
}
