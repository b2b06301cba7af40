import { DEFAULT_SEVERITY_POLICY, type SeverityPolicy } from "./severity.ts";

/** The rules that a device follows (`config/policies/`). */
export interface Policies {
  readonly severity: SeverityPolicy;
}

/** What ships. */
export const DEFAULT_POLICIES: Policies = { severity: DEFAULT_SEVERITY_POLICY };
