import { BUSY_LOAD_PER_CORE, type BoardProbe, type BoardReading } from "#lib/board";
import { repeat, type Clock } from "#lib/clock";
import { messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import { FlashWatch, type FlashBudget } from "../telemetry/flash-budget.ts";

/** How the computer of the robot is doing. */
export interface ResourceMonitor extends Disposable {
  /** The newest reading; empty while there is none, or when the newest is too old to go by. */
  reading(): BoardReading;
  /** What is written to the disk; undefined until it is known. */
  flash(): FlashBudget | undefined;
}

const LOOK_EVERY_MS = 5000;
const STALE_MS = 20_000;

/**
 * Looks at the board now and then, until it is disposed of, and logs when it gets busy and when that is over. Without a probe,
 * as in a simulation, it knows nothing.
 */
export function startResourceMonitor(deps: {
  readonly clock: Clock;
  readonly log: Log;
  readonly probe: BoardProbe | undefined;
  /** What the maker says can be written to the disk in its life. */
  readonly enduranceBytes?: number | undefined;
}): ResourceMonitor {
  const { clock, log, probe } = deps;
  const flash = new FlashWatch(deps.enduranceBytes);
  let newest: { readonly reading: BoardReading; readonly atMs: number } | undefined;
  let wasBusy = false;

  function tell({ loadPerCore }: BoardReading): void {
    if (loadPerCore === undefined) return;
    const isBusy = loadPerCore > BUSY_LOAD_PER_CORE;
    if (isBusy !== wasBusy) log.info({ loadPerCore }, isBusy ? "the board is busy" : "the board is no longer busy");
    wasBusy = isBusy;
  }
  async function look(board: BoardProbe): Promise<void> {
    try {
      newest = { reading: await board.read(), atMs: clock.nowMs() };
      flash.note(newest.reading, newest.atMs);
      tell(newest.reading);
    } catch (thrown) {
      log.warn({ err: messageOf(thrown) }, "the board could not be read, going by the reading before it");
    }
  }
  if (probe) void look(probe);
  const stop = probe ? repeat(clock, LOOK_EVERY_MS, () => void look(probe)) : () => undefined;
  return {
    reading: () => (newest && clock.nowMs() - newest.atMs < STALE_MS ? newest.reading : {}),
    flash: () => flash.budget(),
    [Symbol.dispose]: stop,
  };
}
