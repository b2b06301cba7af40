import { backoff } from "#lib/backoff";
import type { Rng } from "#lib/rng";
import type { Presence } from "#contract/messages";
import { needsSomebody, type LinkTrouble } from "./link-state.ts";
import { Rivals } from "./rivals.ts";

const RETRY = { baseMs: 1000, capMs: 30_000 };
/** Where somebody else lives under the same name, each attempt throws the other out: both go slowly. */
const RIVAL_RETRY = { baseMs: 60_000, capMs: 300_000 };
/** A connection that held this long was a good one: the next failure starts the back-off anew. */
const STABLE_MS = 60_000;

/** What follows from the end of a connection, or of an attempt. */
export interface Setback {
  readonly trouble: LinkTrouble;
  /** Whether there is something to tell: the link was up, or what keeps it down is new and needs somebody. */
  readonly isNews: boolean;
  readonly retryInMs: number;
}

/** Why the link went down and when it is tried again, as far as the history of this program's connections tells. */
export class Reconnection {
  readonly #rng: Rng;
  readonly #name: string;
  readonly #rivals = new Rivals();
  #retries: Generator<number, never>;
  #rivalRetries: Generator<number, never> | undefined;
  #trouble: LinkTrouble | undefined;

  /** `name` is what a second device of the same name would share with this one, for people. */
  constructor(name: string, rng: Rng) {
    this.#name = name;
    this.#rng = rng;
    this.#retries = backoff(RETRY, rng);
  }

  /** What keeps the link down, or took it down last; undefined while it is up and before the first attempt. */
  get trouble(): LinkTrouble | undefined {
    return this.#trouble;
  }

  /** Whether the next attempt waits for a second device of the same name, and not for the network. */
  get isForRival(): boolean {
    return this.#rivalRetries !== undefined;
  }

  /** A connection under this session is attempted. */
  began(session: string): void {
    this.#rivals.began(session);
  }

  /** The broker delivered a presence of this device. */
  heard(presence: Presence, nowMs: number): void {
    this.#rivals.heard(presence, nowMs);
  }

  succeeded(): void {
    this.#trouble = undefined;
  }

  /** `heldMs` is how long the connection was up; undefined when it could not be had. */
  failed(happened: LinkTrouble, heldMs: number | undefined, nowMs: number): Setback {
    if (happened.code === "transport.taken_over") this.#rivals.takenOver(nowMs);
    const hasRival = this.#rivals.areThere(nowMs);
    const trouble = hasRival ? this.#rivalTrouble() : happened;
    const isNews = heldMs !== undefined || (needsSomebody(trouble) && trouble.code !== this.#trouble?.code);
    this.#trouble = trouble;
    if (heldMs !== undefined && heldMs >= STABLE_MS) this.#retries = backoff(RETRY, this.#rng);
    this.#rivalRetries = hasRival ? (this.#rivalRetries ?? backoff(RIVAL_RETRY, this.#rng)) : undefined;
    return { trouble, isNews, retryInMs: (this.#rivalRetries ?? this.#retries).next().value };
  }

  /** A second device of the same name shows as one loss after the other; what they have in common is the reason. */
  #rivalTrouble(): LinkTrouble {
    const what = `another device connects as ${this.#name}, and the two throw each other out`;
    const todo = "give one of them an id of its own (a copied memory card has its first owner's)";
    return { code: "transport.taken_over", reason: `${what}: ${todo}` };
  }
}
