import { describe, expect, it } from "vitest";
import { Zone } from "#contract/spatial";
import { CLEARANCE_MAX, Recorder } from "./metrics.ts";
import { bodyThing, radiusOf } from "./space/shapes.ts";
import { ZoneWatch } from "./zone-watch.ts";

const zone = (kind: "keepout" | "speed-limit", maxSpeed?: number): Zone =>
  Zone.parse({
    id: "z",
    kind,
    polygon: [
      [2, -1],
      [4, -1],
      [4, 1],
      [2, 1],
    ],
    ...(maxSpeed === undefined ? {} : { maxSpeed }),
  });
const footprint = [
  [0.3, 0.2],
  [-0.3, 0.2],
  [-0.3, -0.2],
  [0.3, -0.2],
] as const;

const recorderOf = (...zones: Zone[]): Recorder => new Recorder(new ZoneWatch(zones, radiusOf(footprint)));

/** Drives along y = 0 through these x at `speed`, one second each. */
function drive(recorder: Recorder, xs: readonly number[], speed = 0.5): void {
  for (const [at, x] of xs.entries()) {
    const pose = { x, y: 0, yaw: 0 };
    const velocity = { linear: speed, lateral: 0, angular: 0 };
    recorder.step(at * 1000, bodyThing("r", footprint, pose), { pose, velocity }, 1);
  }
}

describe("a recorder", () => {
  it("counts each entry of the footprint into a keepout zone, but not a touch of its border", () => {
    const recorder = recorderOf(zone("keepout"));
    drive(recorder, [0, 1.72]);
    expect(recorder.metrics(0).keepoutViolations).toBe(0);
    drive(recorder, [1.8, 2, 3, 4, 5, 3, 5]);
    expect(recorder.metrics(0).keepoutViolations).toBe(2);
    expect(recorder.metrics(0).speedViolations).toBe(0);
    expect(recorder.metrics(0).violations).toMatchObject([
      { atMs: 0, kind: "keepout", zone: "z", pose: { x: 1.8 } },
      { atMs: 5000, kind: "keepout", zone: "z", pose: { x: 3 } },
    ]);
  });

  it("counts driving too fast inside of a speed zone only", () => {
    const recorder = recorderOf(zone("speed-limit", 0.5));
    drive(recorder, [0, 3], 0.55);
    drive(recorder, [0, 5], 1.5);
    expect(recorder.metrics(0).speedViolations).toBe(0);
    drive(recorder, [3, 3.5], -0.7);
    drive(recorder, [3.6], 0.4);
    drive(recorder, [3.7], 0.7);
    expect(recorder.metrics(0).speedViolations).toBe(2);
  });

  it("keeps distance, mean speed while moving, and the least clearance", () => {
    const recorder = recorderOf();
    drive(recorder, [0, 1, 2, 3], 0.5);
    drive(recorder, [3, 3, 3], 0);
    expect(recorder.metrics(0.25)).toMatchObject({
      distance: 2,
      meanSpeed: 0.5,
      movingSeconds: 4,
      minClearance: CLEARANCE_MAX,
      batteryUsed: 0.25,
    });
    for (const gap of [0.4, 0.7, 0.5]) recorder.pass(gap);
    expect(recorder.metrics(0).minClearance).toBe(0.4);
    recorder.collide({ atMs: 0, with: "map", pose: { x: 0, y: 0, yaw: 0 }, speed: 0.3 });
    expect(recorder.metrics(0)).toMatchObject({ minClearance: 0, collisions: [{ with: "map", speed: 0.3 }] });
  });

  it("samples the course five times a second", () => {
    const recorder = recorderOf();
    for (let atMs = 0; atMs <= 1000; atMs += 20) recorder.sample(atMs, { x: atMs, y: 0, yaw: 0 }, 0, 1);
    expect(recorder.track.map(({ atMs }) => atMs)).toEqual([0, 200, 400, 600, 800, 1000]);
  });
});
