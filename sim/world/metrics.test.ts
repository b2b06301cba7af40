import { describe, expect, it } from "vitest";
import { Zone } from "#contract/spatial";
import { CLEARANCE_MAX, Recorder } from "./metrics.ts";
import { placeOutline } from "./shapes.ts";

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

/** Drives along y = 0 through these x at `speed`, one second each. */
function drive(recorder: Recorder, xs: readonly number[], speed = 0.5): void {
  for (const [at, x] of xs.entries()) {
    const pose = { x, y: 0, yaw: 0 };
    const velocity = { linear: speed, angular: 0 };
    recorder.step({ atMs: at * 1000, pose, velocity, outline: placeOutline(footprint, pose) }, [], 1);
  }
}

describe("a recorder", () => {
  it("counts each entry of the footprint into a keepout zone, but not a touch of its border", () => {
    const recorder = new Recorder([zone("keepout")]);
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
    const recorder = new Recorder([zone("speed-limit", 0.5)]);
    drive(recorder, [0, 3], 0.55);
    drive(recorder, [0, 5], 1.5);
    expect(recorder.metrics(0).speedViolations).toBe(0);
    drive(recorder, [3, 3.5], -0.7);
    drive(recorder, [3.6], 0.4);
    drive(recorder, [3.7], 0.7);
    expect(recorder.metrics(0).speedViolations).toBe(2);
  });

  it("keeps distance, mean speed while moving, and the least clearance", () => {
    const recorder = new Recorder([]);
    drive(recorder, [0, 1, 2, 3], 0.5);
    drive(recorder, [3, 3, 3], 0);
    expect(recorder.metrics(0.25)).toMatchObject({
      distance: 2,
      meanSpeed: 0.5,
      movingSeconds: 4,
      minClearance: CLEARANCE_MAX,
      batteryUsed: 0.25,
    });
    const still = { atMs: 0, pose: { x: 0, y: 0, yaw: 0 }, velocity: { linear: 0, angular: 0 }, outline: [] };
    recorder.step(
      still,
      [
        { id: "map", gap: 0.4 },
        { id: "a", gap: 0.7 },
      ],
      1,
    );
    recorder.step(still, [{ id: "map", gap: 0.5 }], 1);
    expect(recorder.metrics(0).minClearance).toBe(0.4);
    recorder.collide({ atMs: 0, with: "map", pose: still.pose, speed: 0.3 });
    expect(recorder.metrics(0)).toMatchObject({ minClearance: 0, collisions: [{ with: "map", speed: 0.3 }] });
  });

  it("samples the course five times a second", () => {
    const recorder = new Recorder([]);
    for (let atMs = 0; atMs <= 1000; atMs += 20)
      recorder.sample(atMs, { x: atMs, y: 0, yaw: 0 }, { linear: 0, angular: 0 }, 1);
    expect(recorder.track.map(({ atMs }) => atMs)).toEqual([0, 200, 400, 600, 800, 1000]);
  });
});
