import { expect, it } from "vitest";
import type { Velocity } from "#lib/geometry";
import { createWheelWatch, FROZEN_MS, trustIn, type WheelTrust, watchWheels } from "./wheel-watch.ts";

const STILL: Velocity = { linear: 0, angular: 0 };
const AHEAD: Velocity = { linear: 0.5, angular: 0 };
const EVERY_MS = 50;

interface Leg {
  readonly seconds: number;
  readonly told: Velocity;
  /** What the wheels say of their velocity, and whether the place that they say goes with it. */
  readonly said: Velocity;
  readonly place?: "follows" | "stays";
}

/** Trust at the end of each leg, and when it was lost first. */
function run(legs: readonly Leg[]): { trust: WheelTrust[]; lostMs: number | undefined } {
  const watch = createWheelWatch();
  const trust: WheelTrust[] = [];
  let [nowMs, x, yaw] = [0, 0, 0];
  let lostMs: number | undefined;
  for (const { seconds, told, said, place = "follows" } of legs) {
    for (const endMs = nowMs + seconds * 1000; nowMs < endMs; nowMs += EVERY_MS) {
      if (place === "follows") {
        x += (said.linear * EVERY_MS) / 1000;
        yaw += (said.angular * EVERY_MS) / 1000;
      }
      watchWheels(watch, { atMs: nowMs, pose: { x, y: 0, yaw }, velocity: said }, told, FROZEN_MS, nowMs);
      if (trustIn(watch, nowMs) === "frozen") lostMs ??= nowMs;
    }
    trust.push(trustIn(watch, nowMs));
  }
  return { trust, lostMs };
}

it("trusts wheels that follow what they are told, on the spot and straight on, and that stand when they are to", () => {
  const turn = { linear: 0, angular: 0.4 };
  const legs: Leg[] = [
    { seconds: 3, told: STILL, said: STILL },
    { seconds: 3, told: AHEAD, said: AHEAD },
    { seconds: 60, told: STILL, said: STILL },
    { seconds: 3, told: turn, said: turn },
    // A base takes its time to begin.
    { seconds: 0.3, told: AHEAD, said: STILL },
    { seconds: 3, told: AHEAD, said: AHEAD },
  ];
  expect(run(legs)).toEqual({ trust: legs.map(() => "trusted"), lostMs: undefined });
});

it.each([
  { name: "do not turn when they are told to", leg: { told: AHEAD, said: STILL } },
  {
    name: "say that they turn on the spot, and their heading stays",
    leg: { told: STILL, said: { linear: 0, angular: 0.3 } },
  },
  { name: "say that they turn, and their place stays", leg: { told: STILL, said: AHEAD } },
])("distrusts wheels that $name", ({ leg }) => {
  const { trust, lostMs } = run([
    { seconds: 1, told: STILL, said: STILL },
    { seconds: 1, ...leg, place: "stays" },
  ]);
  expect({ trust, lostMs }).toEqual({ trust: ["trusted", "frozen"], lostMs: 1000 + FROZEN_MS });
});

it("tries them again after a while, ever more rarely, and trusts them as soon as their place changes", () => {
  const blocked: Leg = { seconds: 1, told: AHEAD, said: STILL };
  const waits = (seconds: number): Leg => ({ seconds, told: STILL, said: STILL });
  const { trust } = run([
    blocked,
    waits(1),
    waits(1),
    blocked,
    waits(3),
    waits(1),
    { seconds: 0.2, told: AHEAD, said: AHEAD },
  ]);
  expect(trust).toEqual(["frozen", "frozen", "probed", "frozen", "frozen", "probed", "trusted"]);
});
