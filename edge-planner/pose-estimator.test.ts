import { describe, expect, it } from "vitest";
import { compose, distance, type Pose, type Velocity } from "#lib/geometry";
import { createRng, type Rng } from "#lib/rng";
import { advance } from "./kinematics.ts";
import { createPoseEstimator, estimatePose, type PoseEstimator, takeFix, takeOdometry } from "./pose-estimator.ts";

const SIGMA_XY = 0.05;
const SIGMA_YAW = 0.02;

/** A robot that drives, whose wheels measure 3 % too much and whose fixes are noisy, late, or absent. */
class Drive {
  readonly estimator: PoseEstimator = createPoseEstimator();
  truth: Pose;
  nowMs = 0;
  readonly #rng: Rng;
  #odom: Pose = { x: 9, y: -4, yaw: 2 };
  readonly #late: { readonly dueMs: number; readonly fix: Parameters<typeof takeFix>[1] }[] = [];

  constructor(seed: number, start: Pose) {
    this.truth = start;
    this.#rng = createRng(seed);
  }

  go(velocity: Velocity, durationMs: number, fixes: "none" | "late" | "wrong" = "late"): void {
    for (const endMs = this.nowMs + durationMs; this.nowMs < endMs; this.nowMs += 20) {
      this.truth = advance(this.truth, velocity, 0.02);
      const measured = { linear: velocity.linear * 1.03, angular: velocity.angular + this.#rng.normal(0.02) };
      this.#odom = advance(this.#odom, measured, 0.02);
      takeOdometry(this.estimator, { atMs: this.nowMs, pose: this.#odom, velocity: measured });
      if (fixes !== "none" && this.nowMs % 200 === 0)
        this.#late.push({ dueMs: this.nowMs + 300, fix: this.#fix(fixes) });
      while (this.#late[0] && this.#late[0].dueMs <= this.nowMs) takeFix(this.estimator, this.#late.shift()!.fix);
    }
  }

  error(): number {
    return distance(estimatePose(this.estimator, this.nowMs - 20).pose, this.truth);
  }

  #fix(kind: "late" | "wrong"): Parameters<typeof takeFix>[1] {
    const off = kind === "wrong" ? 3 : 0;
    const noise = {
      x: off + this.#rng.normal(SIGMA_XY),
      y: this.#rng.normal(SIGMA_XY),
      yaw: this.#rng.normal(SIGMA_YAW),
    };
    const pose = { x: this.truth.x + noise.x, y: this.truth.y + noise.y, yaw: this.truth.yaw + noise.yaw };
    return { atMs: this.nowMs, pose, sigmaXy: SIGMA_XY, sigmaYaw: SIGMA_YAW };
  }
}

const FORWARD = { linear: 1.2, angular: 0.15 };
const REST = { linear: 0, angular: 0 };
const SEEDS = [1, 2, 3, 4, 5];

describe("pose estimator", () => {
  it.each(SEEDS)("stays near the truth while driving, with noisy fixes that come 300 ms late (seed %i)", (seed) => {
    const drive = new Drive(seed, { x: 5, y: 2, yaw: -1 });
    drive.go(REST, 2000);
    const errors: number[] = [];
    for (let turn = 0; turn < 300; turn++) {
      drive.go(FORWARD, 100);
      errors.push(drive.error());
    }
    expect(Math.max(...errors)).toBeLessThan(0.15);
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(SIGMA_XY);
  });

  it.each(SEEDS)("does not believe single fixes that contradict it (seed %i)", (seed) => {
    const drive = new Drive(seed, { x: 0, y: 0, yaw: 0 });
    drive.go(FORWARD, 4000);
    drive.go(FORWARD, 600, "wrong");
    drive.go(FORWARD, 1000);
    expect(drive.error()).toBeLessThan(0.2);
    expect(estimatePose(drive.estimator, drive.nowMs).isLocalised).toBe(true);
  });

  it("starts over when every fix contradicts it, and is not localised until some agree", () => {
    const drive = new Drive(1, { x: 0, y: 0, yaw: 0 });
    drive.go(REST, 3000);
    drive.truth = { x: 6, y: 1, yaw: 2 };
    const states: boolean[] = [];
    for (let turn = 0; turn < 60; turn++) {
      drive.go(REST, 100);
      states.push(estimatePose(drive.estimator, drive.nowMs).isLocalised);
    }
    expect(drive.error()).toBeLessThan(0.15);
    expect(states).toContain(false);
    expect(states.at(-1)).toBe(true);
  });

  it("is not localised before some fixes agreed", () => {
    const drive = new Drive(1, { x: 0, y: 0, yaw: 0 });
    drive.go(REST, 2000, "none");
    expect(estimatePose(drive.estimator, drive.nowMs)).toMatchObject({ isLocalised: false });
    expect(estimatePose(drive.estimator, drive.nowMs).sigmaXy).toBeGreaterThan(100);
    drive.go(REST, 2000);
    expect(estimatePose(drive.estimator, drive.nowMs).isLocalised).toBe(true);
  });

  it("grows uncertain without fixes until it is lost, and honest about it", () => {
    const drive = new Drive(2, { x: 0, y: 0, yaw: 0 });
    drive.go(REST, 3000);
    const before = estimatePose(drive.estimator, drive.nowMs);
    // The first fixes still on their way arrive; then there are none.
    drive.go({ linear: 1, angular: 0 }, 5000, "none");
    const after = estimatePose(drive.estimator, drive.nowMs);
    expect(after.sigmaXy).toBeGreaterThan(2 * before.sigmaXy);
    expect(drive.error()).toBeLessThan(3 * after.sigmaXy);
    drive.go({ linear: 1, angular: 0 }, 60_000, "none");
    expect(estimatePose(drive.estimator, drive.nowMs).isLocalised).toBe(false);
  });

  it("carries the estimate on between two readings of the wheels", () => {
    const drive = new Drive(3, { x: 0, y: 0, yaw: 0 });
    drive.go(REST, 2000);
    drive.go({ linear: 1, angular: 0 }, 2000);
    const [now, later] = [drive.nowMs - 20, drive.nowMs + 40].map((atMs) => estimatePose(drive.estimator, atMs).pose);
    expect(distance(now!, later!)).toBeCloseTo(0.06, 2);
  });

  it("counts the distance that the wheels drove, and not the jump when they count anew", () => {
    const estimator = createPoseEstimator();
    const at = (atMs: number, x: number): number =>
      takeOdometry(estimator, { atMs, pose: compose({ x: 0, y: 0, yaw: 1 }, { x, y: 0, yaw: 0 }), velocity: REST });
    const driven = [at(0, 0), at(100, 0.1), at(200, 0.2), at(300, -40), at(400, -40.1)];
    expect(driven.reduce((sum, step) => sum + step, 0)).toBeCloseTo(0.3);
  });
});
