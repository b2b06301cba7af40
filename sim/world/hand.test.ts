import { beforeEach, describe, expect, it } from "vitest";
import { Hand, type HandRequest, type Movement, type Outcome, type Stance } from "./hand.ts";
import { createSites, type Site } from "./sites.ts";
import { LoadSpec, SiteSpec } from "./world-spec.ts";

const spec = LoadSpec.parse({ pickSeconds: 4, placeSeconds: 3 });
const stance = (atMs: number, change: Partial<Stance> = {}): Stance => ({
  atMs,
  pose: { x: 0, y: 0, yaw: 0 },
  isStill: true,
  ...change,
});
const pick = (key: string, change: object = {}): HandRequest => ({
  kind: "pick",
  key,
  site: "shelf",
  sku: "sku",
  quantity: 1,
  ...change,
});
const place = (key: string, site = "belt"): HandRequest => ({ kind: "place", key, site });

let sites: ReadonlyMap<string, Site>;
let movements: Movement[];
let hand: Hand;

beforeEach(() => {
  sites = createSites(
    [
      { id: "shelf", kind: "rack", pose: [1, 0, Math.PI], stock: { sku: 2 } },
      { id: "belt", kind: "conveyor", pose: [1, 0.2, Math.PI] },
      { id: "table", kind: "station", pose: [1, -0.2, Math.PI] },
      { id: "far", kind: "rack", pose: [3, 0, Math.PI], stock: { sku: 2 } },
      { id: "behind", kind: "rack", pose: [-1, 0, 0], stock: { sku: 2 } },
    ].map((site) => SiteSpec.parse(site)),
  );
  movements = [];
  hand = new Hand("r", spec, sites, (movement) => movements.push(movement));
});

/** Hands over a request and lets the hand work until it answers, from `atMs` on. */
function handle(request: HandRequest, atMs = 0, at: Hand = hand): Outcome {
  let outcome: Outcome | undefined;
  at.handle(request, stance(atMs), (answer) => (outcome = answer));
  for (let nowMs = atMs; !outcome && nowMs <= atMs + 10_000; nowMs += 20) at.step(stance(nowMs));
  expect(outcome).toBeDefined();
  return outcome!;
}

describe("a hand", () => {
  it("takes its time for a pick, then holds the item and has taken it from the shelf", () => {
    let outcome: Outcome | undefined;
    hand.handle(pick("a"), stance(1000), (answer) => (outcome = answer));
    hand.step(stance(4980));
    expect([outcome, hand.held, hand.isActive]).toEqual([undefined, undefined, true]);
    hand.step(stance(5000));
    expect(outcome).toEqual({ ok: true, result: { sku: "sku", quantity: 1 } });
    expect(sites.get("shelf")!.stock.get("sku")).toBe(1);
    expect(movements).toEqual([
      { kind: "pick", atMs: 5000, robotId: "r", key: "a", site: "shelf", sku: "sku", quantity: 1 },
    ]);
  });

  it("places onto a conveyor whose sensor sees the item, and onto a table that has none", () => {
    handle(pick("a"));
    expect(handle(place("b"))).toMatchObject({ result: { sku: "sku", quantity: 1, handedOver: true } });
    handle(pick("c"));
    expect(handle(place("d", "table"))).toEqual({ ok: true, result: { sku: "sku", quantity: 1 } });
    expect(sites.get("table")!.stock.get("sku")).toBe(1);
    expect(movements.map(({ key }) => key)).toEqual(["a", "b", "c", "d"]);
  });

  it.each([
    ["out of reach", pick("a", { site: "far" }), "far is 3.00 m away, its reach is 1.20 m"],
    ["off ahead", pick("a", { site: "behind" }), "behind is 3.14 rad off ahead, the robot reaches 0.80 rad"],
    ["unknown", pick("a", { site: "nowhere" }), "there is no nowhere"],
    ["too many", pick("a", { quantity: 3 }), "shelf has 2 of sku, wanted were 3"],
    ["nothing held", place("a"), "the hand is empty"],
  ])("refuses at once what it cannot do: %s", (_, request, reason) => {
    expect(handle(request)).toEqual({ ok: false, reason, retryable: false });
    expect(hand.isActive).toBe(false);
  });

  it("does not begin while the robot moves, and gives up when it is moved", () => {
    let outcome: Outcome | undefined;
    hand.handle(pick("a"), stance(0, { isStill: false }), (answer) => (outcome = answer));
    expect(outcome).toEqual({ ok: false, reason: "the robot is moving", retryable: true });
    hand.handle(pick("b"), stance(0), (answer) => (outcome = answer));
    hand.step(stance(2000, { isStill: false }));
    expect(outcome).toEqual({ ok: false, reason: "the robot moved during the pick", retryable: true });
    expect([hand.held, movements]).toEqual([undefined, []]);
  });

  it("does one thing at a time", () => {
    hand.handle(pick("a"), stance(0), () => undefined);
    expect(handle(pick("b"))).toEqual({ ok: false, reason: "the hand is at work", retryable: true });
  });

  it("finds the shelf empty when another robot was faster", () => {
    const other = new Hand("s", spec, sites, (movement) => movements.push(movement));
    let outcome: Outcome | undefined;
    hand.handle(pick("a", { quantity: 2 }), stance(20), (answer) => (outcome = answer));
    handle(pick("b"), 0, other);
    hand.step(stance(5000));
    expect(outcome).toMatchObject({ ok: false, reason: "shelf has 1 of sku, wanted were 2" });
    expect(sites.get("shelf")!.stock.get("sku")).toBe(1);
  });

  it("lets the same key join an action and answers it from memory afterwards", () => {
    const outcomes: Outcome[] = [];
    hand.handle(pick("a"), stance(0), (answer) => outcomes.push(answer));
    hand.handle(pick("a"), stance(100), (answer) => outcomes.push(answer));
    hand.step(stance(4000));
    hand.handle(pick("a"), stance(5000), (answer) => outcomes.push(answer));
    expect(outcomes).toHaveLength(3);
    expect(new Set(outcomes).size).toBe(1);
    expect(movements).toHaveLength(1);
  });
});

describe("a faulty hand", () => {
  it("slips as often as told, after its usual time, and a retry with the same key may succeed", () => {
    hand.failing.pick = 1;
    expect(handle(pick("a"))).toEqual({ ok: false, reason: "the gripper slipped at shelf", retryable: true });
    expect(hand.held).toBeUndefined();
    expect(handle(pick("a"))).toMatchObject({ ok: true });
    expect(movements).toHaveLength(1);
  });

  it("knows of no hand-over when the conveyor jams, though the item is gone", () => {
    sites.get("belt")!.jams = 1;
    handle(pick("a"));
    expect(handle(place("b"))).toMatchObject({ ok: true, result: { handedOver: false } });
    expect(hand.held).toBeUndefined();
    handle(pick("c"));
    expect(handle(place("d"))).toMatchObject({ result: { handedOver: true } });
  });

  it("answers unknown about keys that it has forgotten, until it has worked again", () => {
    const verdicts: string[] = [];
    const verify = (key: string): void => hand.verify(key, (verdict) => verdicts.push(verdict));
    handle(pick("a"));
    verify("a");
    hand.forget();
    verify("a");
    handle(place("b"));
    verify("b");
    verify("c");
    expect(verdicts).toEqual(["done", "unknown", "done", "not-done"]);
  });
});
