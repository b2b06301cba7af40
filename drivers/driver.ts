import type { Pose, Velocity } from "#lib/geometry";
import type { Metres, MetresPerSecond, MetresPerSecondSquared, Radians, Share } from "#lib/units";

export type { Velocity } from "#lib/geometry";

/** Whether a device can be trusted now; `reason` says in words why not. */
export interface Health {
  readonly state: "ok" | "degraded" | "down";
  readonly reason?: string;
  /** Monotonic time of the last good sample, milliseconds; absent before the first. */
  readonly lastSampleMs?: number;
  readonly errors: number;
  /** Of devices behind a line: good frames, bytes that made no sense, how often it came back. */
  readonly counters?: Readonly<Record<string, number>>;
}

/**
 * What every driver is: `open` reaches the device and moves nothing, `enable` lets it act, `disable` takes that
 * back, and disposing disables first. All are idempotent. Failures throw `driver.*` errors.
 */
export interface Driver extends AsyncDisposable {
  readonly name: string;
  open(): Promise<void>;
  enable(): Promise<void>;
  disable(): Promise<void>;
  health(): Health;
}

/** A source of samples; each carries the monotonic time at which it was true, in milliseconds of the injected clock. */
export interface Source<Sample> {
  /** The newest sample, or undefined before the first. */
  latest(): Sample | undefined;
}

/** Where the wheels say the base is, in the frame `odom`: continuous, but it drifts. */
export interface Odometry {
  readonly atMs: number;
  readonly pose: Pose;
  readonly velocity: Twist;
}

/** A velocity with a sideways part, to the left, that only holonomic bases obey and tell. */
export interface Twist extends Velocity {
  /** 0 if absent. */
  readonly lateral?: MetresPerSecond;
}

/** A driven base. Only the safety gate calls `drive`. */
export interface BaseDriver extends Driver, Source<Odometry> {
  /** Keeps the velocity for `validForMs`, then stops by itself unless refreshed; ignored unless enabled. */
  drive(velocity: Twist, validForMs: number): void;
}

/** One sweep of a planar lidar. */
export interface Scan {
  readonly atMs: number;
  /** Bearing of the first ray in the frame of the lidar, and the step from ray to ray. */
  readonly angleMin: Radians;
  readonly angleStep: Radians;
  readonly rangeMax: Metres;
  /** Distance per ray; `Infinity` where nothing was hit within range, `NaN` where the ray failed. */
  readonly ranges: Float32Array;
}

export interface LidarDriver extends Driver, Source<Scan> {
  /** Pose of the lidar in the frame of the base. */
  readonly mount: Pose;
}

/** An absolute position in the frame `map`, with its standard deviations. */
export interface Fix {
  readonly atMs: number;
  readonly pose: Pose;
  readonly sigmaXy: Metres;
  readonly sigmaYaw: Radians;
}

export interface PositionSource extends Driver, Source<Fix> {}

export interface BatterySample {
  readonly atMs: number;
  readonly charge: Share;
  readonly isCharging: boolean;
}

export interface BatteryDriver extends Driver, Source<BatterySample> {}

/** Attitude and acceleration of the body: angles applied in the order yaw, pitch, roll; acceleration includes gravity. */
export interface ImuSample {
  readonly atMs: number;
  readonly yaw: Radians;
  readonly pitch: Radians;
  readonly roll: Radians;
  readonly acceleration: readonly [x: MetresPerSecondSquared, y: MetresPerSecondSquared, z: MetresPerSecondSquared];
}

export interface ImuDriver extends Driver, Source<ImuSample> {}

/** What is known about an effect that may or may not have happened. */
export type Verdict = "done" | "not-done" | "unknown";

/** What a load-handling action changed. */
export interface HandlingResult {
  readonly sku: string;
  readonly quantity: number;
  /** For `place`: whether the station's own sensor saw the item arrive. */
  readonly handedOver?: boolean;
}

/**
 * The hand of the robot. `key` is the idempotency key of the attempt: the device remembers the last key that it
 * completed, so that `verify` can answer after a crash of ours.
 */
export interface LoadHandler extends Driver {
  /** Takes `quantity` of `sku` from the place `from`. Rejects `driver.failed` when nothing was taken. */
  pick(request: { key: string; sku: string; quantity: number; from: string }): Promise<HandlingResult>;
  /** Puts what is held at the place `to`. Rejects `driver.failed` when it is still held. */
  place(request: { key: string; to: string }): Promise<HandlingResult>;
  /** Whether the effect of the attempt `key` happened. Waits for an action under way. */
  verify(key: string): Promise<Verdict>;
  /** What is held now; undefined when the hand is empty. */
  held(): Promise<{ sku: string; quantity: number } | undefined>;
}

export interface Scanner extends Driver {
  /** The code in front of the scanner; rejects `driver.timeout` when there is none. */
  scan(timeoutMs: number): Promise<{ code: string }>;
}

/** Named inputs as they were read together. */
export interface InputSample {
  readonly atMs: number;
  readonly inputs: Readonly<Record<string, boolean>>;
}

/**
 * Digital inputs and outputs: brushes, pumps, lifts, and the *status* of a safety relay, which is read and never written. All
 * outputs are off until `enable`, and after `disable`.
 */
export interface DigitalIo extends Driver, Source<InputSample> {
  /** Switches a named output. Rejects `driver.failed` for a name that there is not, `driver.*` when it could not be switched. */
  set(output: string, isOn: boolean): Promise<void>;
}

/** What a cleaning head can have. */
export type CleaningPart = "brush" | "vacuum" | "water";

/** Brushes, water, suction. */
export interface CleaningHead extends Driver {
  /** Switches these parts on, and the others off. Rejects `driver.*` when they could not be switched. */
  start(parts: readonly CleaningPart[]): Promise<void>;
  stop(): Promise<void>;
}

/** How far another navigation is with the goal that it was given last. */
export interface PilotState {
  readonly goalId?: string;
  readonly progress: "idle" | "driving" | "arrived" | "failed";
  /** Why it failed, in its words. */
  readonly reason?: string;
  /** Way that is left, where it says so. */
  readonly remaining?: Metres;
  /** The velocity that it wants the base to have; absent while it wants none. */
  readonly wanted?: { readonly atMs: number; readonly velocity: Velocity };
}

/** A navigation of somebody else, such as Nav2, that is given goals. Its velocities still pass our gate unless it commands the base itself. */
export interface Pilot extends Driver {
  /** `external`: it commands the base itself, and nothing of ours may. */
  readonly gate: "own" | "external";
  state(): PilotState;
  /** Goes there, in the frame `map`; the same goal again changes nothing. */
  goTo(goal: { readonly goalId: string; readonly pose: Pose }): void;
  /** Gives the goal up; `here` is where the robot is, if that is known. */
  cancel(here?: Pose): void;
}

/** The devices that the motion loop owns. */
export interface MotionDrivers {
  readonly base: BaseDriver;
  readonly lidar: LidarDriver;
  readonly position: PositionSource;
  /** Plans and steers in place of our own planner. */
  readonly pilot?: Pilot;
}

/** The devices that the executor uses. */
export interface ToolDrivers {
  readonly battery: BatteryDriver;
  readonly load?: LoadHandler;
  readonly scanner?: Scanner;
  readonly cleaner?: CleaningHead;
}
