import { WIRE_VERSION, type ReplanRequest } from "#contract/messages";
import type { OpenReplan } from "#contract/state";
import { remainingOf } from "./local-revision.ts";
import type { Situation } from "./situation.ts";

/** A request for new remaining stages, before the link says in which session it is made (wire format, section 3.2). */
export type ReplanQuestion = Omit<ReplanRequest, "session">;

/** What the cloud must know to plan the rest of the work: what is done and begun, what is left, and why that no longer does. */
export function replanQuestion({ contract, state }: Situation, replan: OpenReplan, journalSeq: number): ReplanQuestion {
  const { requestId, code, severity, detail, assumptions } = replan;
  const { contractId, revision, localRevision, stages } = state;
  const remaining = remainingOf(contract, state).map(({ stage }) => stage.stageId);
  return {
    v: WIRE_VERSION,
    requestId,
    contractId,
    revision,
    localRevision,
    journalSeq,
    completed: stages.flatMap(({ stageId, status, output = {} }) =>
      status === "completed" ? [{ stageId, output: { ...output } }] : [],
    ),
    started: stages
      .filter(({ stageId, status }) => (status === "started" || status === "failed") && !remaining.includes(stageId))
      .map(({ stageId }) => stageId),
    remaining,
    delta: { code, severity, detail, assumptions: [...assumptions] },
  };
}
