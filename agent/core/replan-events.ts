import type { EventBody, StepDeps } from "./event-parts.ts";
import type { LocalRevision } from "./local-revision.ts";
import type { Situation } from "./situation.ts";
import type { Recovery } from "./step.ts";

/** The journal's word that a new plan is wanted, with the whole delta: what failed, how badly, and what no longer holds. */
export function replanRequested({ failure, drift }: Recovery, { uuid }: Pick<StepDeps, "uuid">): EventBody {
  const { stageId, code, severity, detail } = failure;
  const assumptions = drift.map(({ assumptionId }) => assumptionId);
  return { type: "replan.requested", stageId, data: { requestId: uuid(), code, severity, detail, assumptions } };
}

/** The device's own plan takes the place of what is left. */
export function revisionAdopted(
  requestId: string,
  { stages, skipped, detail }: LocalRevision,
  { state }: Pick<Situation, "state">,
): readonly EventBody[] {
  const localRevision = state.localRevision + 1;
  return [
    ...skipped.map((stageId): EventBody => ({ type: "stage.skipped", stageId, data: { reason: detail } })),
    {
      type: "replan.adopted",
      data: { by: "device", localRevision, stages: stages.map((stage) => ({ ...stage })), requestId, detail },
    },
  ];
}

/** Nothing came of a request, neither from the cloud nor from the device itself. */
export function replanFailed(requestId: string, reason: "no_revision" | "stage_gone", detail: string): EventBody {
  return { type: "replan.refused", data: { reason, detail, by: "device", requestId } };
}
