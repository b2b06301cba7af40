import { z } from "zod";
import { sleep, timestamp } from "#lib/clock";
import { messageOf } from "#lib/errors";
import { FEED_CODES } from "#contract/feed/exceptions";
import { ShiftSummary, type ShiftTotal } from "#contract/feed/shift";
import { SHIFT_SUMMARY_PATH } from "#contract/feed/streams";
import { Caller, type CallerDeps } from "./caller.ts";
import { shiftEnd, shiftStart, type ShiftPlan } from "./shifts.ts";
import type { FeedKeeper, FeedNews } from "./source.ts";

/** What was moved in `[fromMs, toMs)`, and behind which stored event later windows begin (where nothing is forgotten: 0). */
export type TotalsIn = (
  window: { readonly fromMs: number; readonly toMs: number },
  position: number,
) => Promise<{ readonly totals: readonly ShiftTotal[]; readonly position: number }>;

export interface ShiftDeps extends CallerDeps {
  readonly keeper: FeedKeeper;
  readonly key: string;
  readonly warehouseId: string;
  readonly uuid: () => string;
  readonly totalsIn: TotalsIn;
  /** Whether every movement that is stored has been sent. */
  readonly drained: () => boolean;
}

/** The window that is open or being confirmed; a summary is kept before it is sent, so that its key never changes. */
const ShiftState = z.object({
  windowStartMs: z.number(),
  position: z.number().int().min(0),
  summary: ShiftSummary.optional(),
});
type ShiftState = z.infer<typeof ShiftState>;

const MINUTE_MS = 60_000;
const LOOK_AGAIN_MS = 1000;

/** Confirms one shift after the other: half-open windows without gaps, each once, also those that ended while nobody ran. */
export class ShiftLoop {
  readonly #plan: ShiftPlan;
  readonly #deps: ShiftDeps;
  readonly #caller: Caller;
  #state: ShiftState;

  private constructor(plan: ShiftPlan, deps: ShiftDeps, state: ShiftState) {
    this.#plan = plan;
    this.#deps = deps;
    this.#state = state;
    this.#caller = new Caller({ path: SHIFT_SUMMARY_PATH, isOptional: true, isSingle: true }, deps);
  }

  static async load(plan: ShiftPlan, deps: ShiftDeps): Promise<ShiftLoop> {
    const text = await deps.keeper.load(deps.key);
    const fresh = { windowStartMs: shiftStart(plan, deps.clock.wallMs()), position: 0 };
    return new ShiftLoop(plan, deps, text === undefined ? fresh : ShiftState.parse(JSON.parse(text)));
  }

  /** What is stored behind this may still be summed. */
  neededFrom(): number {
    return this.#state.position;
  }

  async run(): Promise<void> {
    const { ended, log, clock, key } = this.#deps;
    while (!ended.aborted) {
      try {
        if (!(await this.#step())) return;
      } catch (thrown) {
        log.error({ key, reason: messageOf(thrown) }, "shift could not be summed or kept");
        await sleep(clock, LOOK_AGAIN_MS, ended).catch(() => undefined);
      }
    }
  }

  /** False when there is nothing more to do: the sink has ended, or the planner takes no summaries. */
  async #step(): Promise<boolean> {
    const { clock, ended } = this.#deps;
    const endMs = shiftEnd(this.#plan, this.#state.windowStartMs);
    const waitMs = endMs + this.#plan.settleMinutes * MINUTE_MS - clock.wallMs();
    if (waitMs > 0 || clock.state() !== "synced" || !this.#deps.drained()) {
      // Wall time steps, so it is looked at again; the wait itself counts on the other clock.
      await sleep(clock, Math.min(Math.max(waitMs, LOOK_AGAIN_MS), MINUTE_MS), ended).catch(() => undefined);
      return !ended.aborted;
    }
    return this.#confirm(endMs);
  }

  async #confirm(endMs: number): Promise<boolean> {
    const summary = this.#state.summary ?? (await this.#sum(endMs));
    const delivery = await this.#caller.deliver([summary]);
    if (delivery.kind === "absent") await this.#deps.tell(notTaken());
    if (delivery.kind !== "done") return false;
    const [verdict] = delivery.verdicts;
    const { position } = this.#state;
    const news = verdict?.kind === "rejected" ? [refused(summary, verdict.reason)] : [];
    await this.#save({ windowStartMs: endMs, position }, news);
    return true;
  }

  async #sum(endMs: number): Promise<ShiftSummary> {
    const { warehouseId, uuid, totalsIn } = this.#deps;
    const { windowStartMs, position: before } = this.#state;
    const { totals, position } = await totalsIn({ fromMs: windowStartMs, toMs: endMs }, before);
    const window = { window_start: timestamp(windowStartMs), window_end: timestamp(endMs) };
    const summary = { correlation_id: uuid(), warehouse_id: warehouseId, ...window, totals: [...totals] };
    await this.#save({ windowStartMs, position, summary }, []);
    return summary;
  }

  async #save(state: ShiftState, news: readonly FeedNews[]): Promise<void> {
    await this.#deps.keeper.save(this.#deps.key, JSON.stringify(state), news);
    this.#state = state;
  }
}

function refused({ window_start, window_end }: ShiftSummary, reason: string): FeedNews {
  const detail = `the planner refused the summary of ${window_start} to ${window_end}: ${reason}`;
  return { kind: "exception", code: FEED_CODES.rejected, severity: "HIGH", detail };
}

function notTaken(): FeedNews {
  const detail = "the planner takes no shift summaries (404): none is sent until the program starts again";
  return { kind: "notice", code: "feed_stream_off", severity: "LOW", detail };
}
