import { OFFLINE_GRACE_MS } from "#contract/offline";
import type { StageState } from "#contract/state";
import type { Situation } from "./situation.ts";
import { findProgress } from "./stage-order.ts";
import type { Step } from "./step.ts";

/** The hold of a contract that does not go on without the cloud. */
export const OFFLINE_HOLD = "offline";

/**
 * What the contract wants done without the cloud (`failurePolicy.offline`): `finish` goes on, `finish-stage` stops when what
 * was begun is done, `hold` and `return-home` stop at once; the latter then drives home. It ends when the link is back.
 */
export function keepOfflinePosture(situation: Situation): readonly Step[] | undefined {
  const { state, offlineMs, contract } = situation;
  const isPlaced = state.holds.some(({ holdId, by }) => holdId === OFFLINE_HOLD && by === "policy");
  if (offlineMs === 0) return isPlaced ? [{ type: "resume", holdId: OFFLINE_HOLD, by: "policy" }] : undefined;
  if (isPlaced || offlineMs < OFFLINE_GRACE_MS || mayGoOn(situation)) return undefined;
  const reason = `the link is gone, the contract says ${contract.failurePolicy.offline}`;
  return [{ type: "hold", holdId: OFFLINE_HOLD, by: "policy", reason }];
}

/** Whether a stage that was not begun is left for when the link is back, while those beside it are finished. */
export function isLeftForLater({ contract, offlineMs }: Situation, known: Pick<StageState, "status">): boolean {
  const isAlone = offlineMs >= OFFLINE_GRACE_MS && contract.failurePolicy.offline === "finish-stage";
  return isAlone && known.status === "pending";
}

function mayGoOn({ contract, state }: Situation): boolean {
  const progress = findProgress(contract, state);
  if (progress.type !== "at") return true;
  switch (contract.failurePolicy.offline) {
    case "finish":
      return true;
    case "finish-stage":
      return progress.views.some(({ known }) => known.status !== "pending");
    case "hold":
    case "return-home":
      return false;
  }
}
