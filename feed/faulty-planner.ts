import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Rng } from "#lib/rng";
import type { ItemResult, PlannerAnswer } from "#contract/feed/answers";
import { movementProblems, MovementRecord } from "#contract/feed/movements";
import type { Poster } from "./caller.ts";

type Fault =
  | "429-seconds"
  | "429-date"
  | "503"
  | "500"
  | "lost-call"
  | "lost-answer"
  | "half-taken"
  | "half-answered"
  | "busy-items";
const FAULTS: readonly Fault[] = [
  "429-seconds",
  "429-date",
  "503",
  "500",
  "lost-call",
  "lost-answer",
  "half-taken",
  "half-answered",
  "busy-items",
];

/** A planner with a ledger by document 3's rules, on a bad day: it fails in every way that a planner may, as the seed says. */
export class FaultyPlanner {
  /** Every movement that was applied, in order. */
  readonly ledger: MovementRecord[] = [];
  readonly workStatus: unknown[] = [];
  readonly exceptions: unknown[] = [];
  /** Calls that came although the planner had asked for quiet. */
  storms = 0;
  calls = 0;
  /** How many of ten calls fail. */
  faultsOfTen: number;
  readonly #rng: Rng;
  readonly #clock: Clock;
  readonly #taken = new Set<string>();
  #quietUntilMs = 0;

  constructor(clock: Clock, rng: Rng, faultsOfTen = 6) {
    this.#clock = clock;
    this.#rng = rng;
    this.faultsOfTen = faultsOfTen;
  }

  readonly post: Poster = async (path, body) => {
    this.calls++;
    if (this.#clock.nowMs() < this.#quietUntilMs) this.storms++;
    const items = body as readonly Record<string, unknown>[];
    const fault = this.#rng.chance(this.faultsOfTen, 10) ? FAULTS[this.#rng.integer(0, FAULTS.length - 1)] : undefined;
    return fault === undefined ? listed(this.#takeAll(path, items)) : this.#fail(fault, path, items);
  };

  #fail(fault: Fault, path: string, items: readonly Record<string, unknown>[]): PlannerAnswer {
    const half = items.slice(0, Math.ceil(items.length / 2));
    const seconds = this.#rng.integer(1, 30);
    switch (fault) {
      case "429-seconds":
        this.#quietUntilMs = this.#clock.nowMs() + seconds * 1000;
        return { status: 429, retryAfter: String(seconds) };
      case "429-date": {
        const untilMs = Math.ceil(this.#clock.wallMs() / 1000) * 1000 + seconds * 1000;
        this.#quietUntilMs = this.#clock.nowMs() + untilMs - this.#clock.wallMs();
        return { status: 429, retryAfter: new Date(untilMs).toUTCString() };
      }
      case "503":
      case "500":
        return { status: Number(fault), body: { title: "a bad day" } };
      case "lost-call":
        throw new AgentError("transport.unreachable", "connection reset before anything was read", { retryable: true });
      case "lost-answer":
        this.#takeAll(path, items);
        throw new AgentError("transport.closed", "connection reset before the answer", { retryable: true });
      case "half-taken":
        this.#takeAll(path, half);
        throw new AgentError("transport.closed", "connection reset in the middle", { retryable: true });
      case "half-answered":
        return listed(this.#takeAll(path, half));
      case "busy-items":
        return listed(items.map((item) => ({ correlation_id: String(item["correlation_id"]), status: 503 })));
    }
  }

  #takeAll(path: string, items: readonly Record<string, unknown>[]): ItemResult[] {
    return items.map((item) => this.#take(path, item));
  }

  #take(path: string, item: Record<string, unknown>): ItemResult {
    const correlation_id = String(item["correlation_id"]);
    if (path.endsWith("/movements")) {
      const movement = MovementRecord.parse(item) as MovementRecord;
      const isKnown = movement.sku !== "unknown";
      if (!isKnown || movementProblems(movement).length > 0)
        return { correlation_id, status: 422, title: "unknown SKU", detail: movement.sku };
    }
    const isReplay = this.#taken.has(correlation_id);
    this.#taken.add(correlation_id);
    if (isReplay) return { correlation_id, status: 200, replay: true };
    const sheet = path.endsWith("/movements")
      ? this.ledger
      : path.endsWith("/exceptions")
        ? this.exceptions
        : this.workStatus;
    (sheet as unknown[]).push(item);
    return { correlation_id, status: 201 };
  }
}

function listed(results: readonly ItemResult[]): PlannerAnswer {
  return { status: 200, body: { results } };
}
