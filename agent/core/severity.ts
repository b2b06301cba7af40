import { z } from "zod";
import { Severity, type Contract } from "#contract/contract";

const Code = z.string().min(1).max(64);

/** How bad each failure is (`config/policies/severity.yaml`; document 4 §6.5). */
export const SeverityPolicy = z.strictObject({
  severities: z.record(Code, Severity),
  firm: z.array(Code).max(100).meta({ description: "codes that a contract may judge worse, never milder" }),
});
export type SeverityPolicy = z.infer<typeof SeverityPolicy>;

/** What the shipped file says. */
export const DEFAULT_SEVERITY_POLICY: SeverityPolicy = {
  severities: {
    timeout: "moderate",
    blocked: "moderate",
    no_route: "moderate",
    goal_occupied: "moderate",
    budget_exhausted: "moderate",
    driver_failed: "moderate",
    driver_timeout: "moderate",
    scan_mismatch: "moderate",
    short_pick: "moderate",
    damaged: "moderate",
    wrong_sku: "moderate",
    unreachable: "moderate",
    location_full: "moderate",
    unreadable: "moderate",
    validation_failed: "moderate",
    speed_exceeded: "moderate",
    coverage_short: "moderate",
    tool_down: "moderate",
    link_down: "moderate",
    link_slow: "moderate",
    memory_short: "moderate",
    disk_short: "moderate",
    energy_short: "major",
    resources: "major",
    outside_excerpt: "major",
    start_in_obstacle: "major",
    driver_down: "major",
    tool_missing: "major",
    output_invalid: "major",
    battery_low: "major",
    battery_short: "major",
    time_short: "major",
    window_passed: "major",
    duration_exceeded: "major",
    zone_forbidden: "major",
    out_of_scope: "major",
    effect_unknown: "major",
    goal_unknown: "major",
    pose_implausible: "major",
    load_lost: "major",
    load_unexpected: "major",
    tool_gone: "major",
  },
  firm: ["out_of_scope", "zone_forbidden", "effect_unknown"],
};

/** The severity of a failure code: the contract's word, where it may have one, else the device's table, else `major`. */
export function severityOf(code: string, policy: SeverityPolicy, contract: Contract): Severity {
  const usual = ownValue(policy.severities, code) ?? "major";
  const wanted = ownValue(contract.failurePolicy.severities ?? {}, code) ?? usual;
  return policy.firm.includes(code) && rankOf(wanted) < rankOf(usual) ? usual : wanted;
}

/** From 0, the mildest, to 4. */
export function rankOf(severity: Severity): number {
  return Severity.options.indexOf(severity);
}

/** Whether work goes on in spite of it. */
export function isMild(severity: Severity): boolean {
  return severity === "trivial" || severity === "minor";
}

function ownValue<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
