import { DEFAULT_LOCAL_FIXES, type LocalFixes } from "./local-fixes.ts";
import { DEFAULT_SEVERITY_POLICY, type SeverityPolicy } from "./severity.ts";

/** The rules that a device follows (`config/policies/`). */
export interface Policies {
  readonly severity: SeverityPolicy;
  readonly localFixes: LocalFixes;
}

/** What ships. */
export const DEFAULT_POLICIES: Policies = { severity: DEFAULT_SEVERITY_POLICY, localFixes: DEFAULT_LOCAL_FIXES };
