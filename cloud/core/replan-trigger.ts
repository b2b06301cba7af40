import type { DivergenceItem, DivergenceReport } from "./divergence.ts";

/** Why the plan of the fleet should be looked at again. */
export interface ReplanTrigger {
  readonly contractId: string;
  readonly at: string;
  readonly because: readonly DivergenceItem[];
}

/** Only a material or critical divergence asks for a new plan; anything smaller is corrected by the report itself. */
export function replanTrigger(report: DivergenceReport): ReplanTrigger | undefined {
  const because = report.items.filter((item) => item.size === "material" || item.size === "critical");
  return because.length === 0 ? undefined : { contractId: report.contractId, at: report.at, because };
}
