import { assert } from "#lib/errors";
import type { Pose } from "#lib/geometry";
import type { HandlingResult, Verdict } from "#drivers/driver";
import { outOfReach, type Site } from "./sites.ts";
import type { LoadSpec } from "./world-spec.ts";

/** What was physically moved: the truth that checkers compare histories with. */
export interface Movement {
  readonly kind: "pick" | "place";
  readonly atMs: number;
  readonly robotId: string;
  readonly key: string;
  readonly site: string;
  readonly sku: string;
  readonly quantity: number;
  readonly handedOver?: boolean;
}

/** What became of an action. */
export type Outcome =
  | { readonly ok: true; readonly result: HandlingResult }
  | { readonly ok: false; readonly reason: string; readonly retryable: boolean };

interface PickRequest {
  readonly kind: "pick";
  readonly key: string;
  readonly site: string;
  readonly sku: string;
  readonly quantity: number;
}

/** An action to begin, under its idempotency key. */
export type HandRequest = PickRequest | { readonly kind: "place"; readonly key: string; readonly site: string };

/** What the hand can tell about its surroundings at a moment. */
export interface Stance {
  readonly atMs: number;
  readonly pose: Pose;
  readonly isStill: boolean;
}

interface Action {
  readonly request: HandRequest;
  readonly site: Site;
  readonly endsMs: number;
  readonly isDoomed: boolean;
  readonly waiting: (() => void)[];
}

type Load = { readonly sku: string; readonly quantity: number };

/**
 * A hand that works by itself once told to: an action that began ends in the world, whoever asked for it. It
 * remembers the keys of its actions.
 */
export class Hand {
  held: Load | undefined;
  /** How many of the next actions of a kind come to nothing. */
  readonly failing = { pick: 0, place: 0 };
  readonly #robotId: string;
  readonly #spec: LoadSpec;
  readonly #sites: ReadonlyMap<string, Site>;
  readonly #onMovement: (movement: Movement) => void;
  #action: Action | undefined;
  /** By key, what became of every action that ended. */
  readonly #memory = new Map<string, Outcome>();
  #hasForgotten = false;

  constructor(
    robotId: string,
    spec: LoadSpec,
    sites: ReadonlyMap<string, Site>,
    onMovement: (movement: Movement) => void,
  ) {
    this.#robotId = robotId;
    this.#spec = spec;
    this.#sites = sites;
    this.#onMovement = onMovement;
  }

  get isActive(): boolean {
    return this.#action !== undefined;
  }

  /** Begins an action, or joins the one of the same key; a key that was completed is answered from memory. */
  handle(request: HandRequest, stance: Stance, answer: (outcome: Outcome) => void): void {
    const known = this.#memory.get(request.key);
    if (known?.ok) return answer(known);
    if (this.#action?.request.key === request.key) {
      this.#action.waiting.push(() => answer(this.#outcomeOf(request.key)));
      return;
    }
    const refusal = this.#action ? refuse("the hand is at work", true) : this.#refusal(request, stance);
    if (refusal) return answer(refusal);
    this.#begin(request, stance, answer);
  }

  /** Answers whether the effect of `key` happened, after any action under way. */
  verify(key: string, answer: (verdict: Verdict) => void): void {
    if (this.#action) {
      this.#action.waiting.push(() => answer(this.#verdictOn(key)));
      return;
    }
    answer(this.#verdictOn(key));
  }

  /** Loses the memory of keys, as a hand that was switched off does; what it holds it still feels. */
  forget(): void {
    this.#memory.clear();
    this.#hasForgotten = true;
  }

  /** Ends an action whose time has come, or whose robot moved. */
  step(stance: Stance): void {
    const action = this.#action;
    if (!action) return;
    if (!stance.isStill) this.#end(action, refuse(`the robot moved during the ${action.request.kind}`, true));
    else if (stance.atMs >= action.endsMs) this.#end(action, this.#complete(action, stance.atMs));
  }

  #verdictOn(key: string): Verdict {
    const known = this.#memory.get(key);
    if (known) return known.ok ? "done" : "not-done";
    return this.#hasForgotten ? "unknown" : "not-done";
  }

  #outcomeOf(key: string): Outcome {
    const known = this.#memory.get(key);
    assert(known, "who waits for an action is woken at its end");
    return known;
  }

  #refusal(request: HandRequest, stance: Stance): Outcome | undefined {
    const site = this.#sites.get(request.site);
    if (!site) return refuse(`there is no ${request.site}`, false);
    if (!stance.isStill) return refuse("the robot is moving", true);
    const reason = outOfReach(site, stance.pose, this.#spec.ahead);
    if (reason) return refuse(reason, false);
    if (request.kind === "place") return this.held ? undefined : refuse("the hand is empty", false);
    if (this.held) return refuse(`the hand already holds ${this.held.quantity} of ${this.held.sku}`, false);
    return shortage(request, site);
  }

  #begin(request: HandRequest, stance: Stance, answer: (outcome: Outcome) => void): void {
    const seconds = request.kind === "pick" ? this.#spec.pickSeconds : this.#spec.placeSeconds;
    const isDoomed = this.failing[request.kind] > 0;
    if (isDoomed) this.failing[request.kind]--;
    this.#action = {
      request,
      site: this.#sites.get(request.site)!,
      endsMs: stance.atMs + seconds * 1000,
      isDoomed,
      waiting: [() => answer(this.#outcomeOf(request.key))],
    };
  }

  #end(action: Action, outcome: Outcome): void {
    this.#action = undefined;
    this.#memory.set(action.request.key, outcome);
    this.#hasForgotten = false;
    for (const wake of action.waiting) wake();
  }

  #complete({ request, site, isDoomed }: Action, atMs: number): Outcome {
    if (isDoomed) return refuse(`the gripper slipped at ${request.site}`, true);
    // Another robot may have emptied the shelf since the action began.
    const missing = request.kind === "pick" ? shortage(request, site) : undefined;
    if (missing) return missing;
    const result = request.kind === "pick" ? this.#take(request, site) : this.#put(site);
    const { kind, key } = request;
    this.#onMovement({ kind, atMs, robotId: this.#robotId, key, site: site.spec.id, ...result });
    return { ok: true, result };
  }

  #take(request: PickRequest, site: Site): HandlingResult {
    const { sku, quantity } = request;
    site.stock.set(sku, (site.stock.get(sku) ?? 0) - quantity);
    this.held = { sku, quantity };
    return this.held;
  }

  #put(site: Site): HandlingResult {
    const load = this.held;
    assert(load, "only a full hand begins a place, and only its end empties it");
    this.held = undefined;
    if (site.spec.kind !== "conveyor") {
      site.stock.set(load.sku, (site.stock.get(load.sku) ?? 0) + load.quantity);
      return load;
    }
    const handedOver = site.jams === 0;
    if (!handedOver) site.jams--;
    return { ...load, handedOver };
  }
}

function shortage({ sku, quantity, site: name }: PickRequest, site: Site): Outcome | undefined {
  const available = site.stock.get(sku) ?? 0;
  if (available >= quantity) return undefined;
  return refuse(`${name} has ${available} of ${sku}, wanted were ${quantity}`, false);
}

function refuse(reason: string, retryable: boolean): Outcome {
  return { ok: false, reason, retryable };
}
