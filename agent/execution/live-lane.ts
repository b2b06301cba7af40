import type { Clock } from "#lib/clock";
import { activeContract } from "#contract/reducer";
import type { DeviceState } from "#contract/state";

/**
 * Whether a sample is due on the live lane: as often as it is asked for, or less often while a stage under way does with fewer
 * samples to save link and board.
 */
export function createLiveLane(clock: Pick<Clock, "nowMs">, state: () => DeviceState): () => boolean {
  let shownMs = -Infinity;
  return () => {
    const nowMs = clock.nowMs();
    if (nowMs - shownMs < everySeconds(state()) * 1000) return false;
    shownMs = nowMs;
    return true;
  };
}

function everySeconds(device: DeviceState): number {
  const underWay = activeContract(device)?.stages.filter(({ status }) => status === "started") ?? [];
  return Math.max(0, ...underWay.map(({ changes }) => changes?.telemetrySeconds ?? 0));
}
