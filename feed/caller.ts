import { sleep, type Clock } from "#lib/clock";
import { messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import { readAnswer, type PlannerAnswer, type Verdict } from "#contract/feed/answers";
import { FEED_CODES } from "#contract/feed/exceptions";
import type { Pause } from "./pause.ts";
import type { FeedNews } from "./source.ts";

/** Posts JSON to a path of the planner. Rejects an `AgentError` when no answer came; what was posted may have been taken. */
export type Poster = (path: string, body: unknown) => Promise<PlannerAnswer>;

/** Whether a sink may still call: a planner that knows us not is left alone until the program starts again. */
export type SinkState = { readonly kind: "running" } | { readonly kind: "stopped"; readonly reason: string };

export interface CallerDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly post: Poster;
  readonly pause: Pause;
  /** Aborts at the end of the program, and when the sink stops. */
  readonly ended: AbortSignal;
  /** Ends the sink: the credentials are refused. */
  readonly stop: (reason: string) => void;
  /** Makes durable until when (wall clock) the planner wants no call. */
  readonly keepQuiet: (untilMs: number) => Promise<void>;
  readonly tell: (news: FeedNews) => Promise<void>;
}

/** An endpoint, and whether a planner may do without it. */
export interface Endpoint {
  readonly path: string;
  readonly isOptional: boolean;
  /** Whether a call carries one record, and not an array. */
  readonly isSingle?: boolean;
}

interface Keyed {
  readonly correlation_id: string;
}

type Final = Exclude<Verdict, { kind: "again" }>;

export type Delivery =
  /** A verdict for every record, in their order. */
  | { readonly kind: "done"; readonly verdicts: readonly Final[] }
  /** The planner has no such optional stream. */
  | { readonly kind: "absent" }
  | { readonly kind: "ended" };

const MISSING_WAIT_MS = 60_000;

/**
 * Delivers records until the planner has said of each what became of it. What it answers nothing about is sent again: by its
 * key it is then a replay. Never calls while the sink's pause lasts.
 */
export class Caller {
  readonly #deps: CallerDeps;
  readonly #endpoint: Endpoint;
  #hasToldMissing = false;

  constructor(endpoint: Endpoint, deps: CallerDeps) {
    this.#endpoint = endpoint;
    this.#deps = deps;
  }

  async deliver<Item extends Keyed>(records: readonly Item[]): Promise<Delivery> {
    const known = new Map<Item, Final>();
    for (;;) {
      const pending = records.filter((record) => !known.has(record));
      if (pending.length === 0) return { kind: "done", verdicts: records.map((record) => known.get(record)!) };
      const step = await this.#deps.pause.inTurn(() => this.#attempt(pending, known));
      if (step === "ended" || step === "absent") return { kind: step };
      if (step === "on") continue;
      const halves = await this.#deliverHalves(pending, known);
      if (halves.kind !== "done") return halves;
    }
  }

  /** One call, when the planner's patience allows; what it settles is put into `known`. */
  async #attempt<Item extends Keyed>(
    pending: readonly Item[],
    known: Map<Item, Final>,
  ): Promise<"on" | "halve" | "absent" | "ended"> {
    if (!(await this.#mayCall())) return "ended";
    const outcome = await this.#call(pending);
    switch (outcome.kind) {
      case "settled":
        await this.#note(pending, outcome.verdicts, known);
        return "on";
      case "later":
        await this.#putOff(outcome.reason, outcome.waitMs);
        return "on";
      case "denied":
        await this.#deny(outcome.reason);
        return "ended";
      case "missing":
        if (outcome.reason.startsWith("404") && this.#endpoint.isOptional) return "absent";
        await this.#missing(outcome.reason);
        return "on";
      case "indivisible":
        return "halve";
    }
  }

  /** Halves until the record to blame is alone: the others are not refused with it. */
  async #deliverHalves<Item extends Keyed>(pending: readonly Item[], known: Map<Item, Final>): Promise<Delivery> {
    const middle = Math.ceil(pending.length / 2);
    for (const half of [pending.slice(0, middle), pending.slice(middle)]) {
      const delivery = await this.deliver(half);
      if (delivery.kind !== "done") return delivery;
      for (const [at, verdict] of delivery.verdicts.entries()) known.set(half[at]!, verdict);
    }
    return { kind: "done", verdicts: [] };
  }

  async #call(pending: readonly Keyed[]): Promise<ReturnType<typeof readAnswer>> {
    const { post, clock } = this.#deps;
    const { path, isSingle = false } = this.#endpoint;
    const ids = pending.map((record) => record.correlation_id);
    try {
      return readAnswer(ids, await post(path, isSingle ? pending[0] : pending), clock.wallMs());
    } catch (thrown) {
      return { kind: "later", reason: messageOf(thrown) };
    }
  }

  /** A planner that settles some of a call is at work; one that settles none is not asked again at once. */
  async #note<Item extends Keyed>(
    pending: readonly Item[],
    verdicts: readonly Verdict[],
    known: Map<Item, Final>,
  ): Promise<void> {
    let settled = 0;
    for (const [at, verdict] of verdicts.entries()) {
      if (verdict.kind === "again") continue;
      known.set(pending[at]!, verdict);
      settled++;
    }
    if (settled === 0) await this.#putOff("no record of the call was answered", undefined);
    else this.#deps.pause.taken();
  }

  async #putOff(reason: string, waitMs: number | undefined): Promise<void> {
    const { clock, log, pause } = this.#deps;
    pause.putOff(clock.nowMs(), waitMs);
    // A program that starts again and again must not call again and again.
    if (waitMs !== undefined) await this.#deps.keepQuiet(clock.wallMs() + waitMs);
    const { path } = this.#endpoint;
    log.warn({ path, reason, waitMs: pause.remainingMs(clock.nowMs()) }, "planner does not take the call now");
  }

  async #deny(reason: string): Promise<void> {
    const detail = `the planner refuses our credentials at ${this.#endpoint.path} (${reason}); nothing is sent until they are mended and the program is started again`;
    this.#deps.stop(reason);
    await this.#deps.tell({ kind: "exception", code: FEED_CODES.stopped, severity: "HIGH", detail });
  }

  async #missing(reason: string): Promise<void> {
    await this.#putOff(reason, MISSING_WAIT_MS);
    if (this.#hasToldMissing) return;
    this.#hasToldMissing = true;
    const detail = `the planner has no ${this.#endpoint.path} (${reason}), which it must have; it is asked again every minute`;
    await this.#deps.tell({ kind: "exception", code: FEED_CODES.missing, severity: "HIGH", detail });
  }

  /** Waits for the pause to end; another stream may lengthen it meanwhile. False when the sink has ended. */
  async #mayCall(): Promise<boolean> {
    const { clock, pause, ended } = this.#deps;
    for (;;) {
      if (ended.aborted) return false;
      const waitMs = pause.remainingMs(clock.nowMs());
      if (waitMs === 0) return true;
      await sleep(clock, waitMs, ended).catch(() => undefined);
    }
  }
}
