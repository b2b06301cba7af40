import type { BoardReading } from "#lib/board";
import type { ClockState } from "#lib/clock";
import type { Point, Pose } from "#lib/geometry";
import type { Metres, MetresPerSecond, Share } from "#lib/units";
import type { Contract } from "#contract/contract";
import type { CoverageMap } from "#contract/coverage";
import type { EventData } from "#contract/event-data";
import type { ContractState, StageUsage } from "#contract/state";
import type { BatteryMeter } from "./battery-meter.ts";
import type { Outlook } from "./estimate.ts";
import type { Policies } from "./policies.ts";
import type { Job } from "./work-plan.ts";
import type { Noticed } from "./notices.ts";

/** A moment on both clocks. */
export interface Instant {
  readonly monoMs: number;
  readonly wallMs: number;
  /** Whether `wallMs` is to be trusted. */
  readonly clock: ClockState;
}

/** How far the robot may act by what its own health says; `starting` until everything has been heard once. */
export type SafetyMode = "starting" | "normal" | "limited" | "stopped";

/** The robot as the main thread sees it. */
export interface RobotView {
  /** Absent before the first sample. */
  readonly battery?: Share;
  /** Absent before the first report of the motion loop. */
  readonly pose?: Pose;
  readonly sigmaXy: Metres;
  readonly speed: MetresPerSecond;
  /** Distance driven since the motion loop started. */
  readonly driven: Metres;
  /** Ids of the zones that hold the robot's position. */
  readonly zones: readonly string[];
  /** Way left to the goal of the drive under way; absent when there is none. */
  readonly remaining?: Metres;
  /** Planned way of the drive under way, from here on; empty when there is none. */
  readonly route: readonly Point[];
  /** Whether the hand holds something, as far as its sensor or the journal knows. */
  readonly isLoaded: boolean;
  readonly isOnline: boolean;
  /** The computer that this runs on; absent where it is not watched. */
  readonly board?: BoardReading;
  /** What the cloud takes of the journal now; absent when it has set no limit. */
  readonly grantBytesPerSecond?: number;
  /** State per tool of the profile; a tool that is not listed is not there. */
  readonly tools: Readonly<Record<string, "ok" | "degraded" | "down">>;
}

/** How an action ended. */
export type ToolResult =
  | { readonly type: "done"; readonly output: Readonly<Record<string, unknown>> }
  /** It certainly has no effect. */
  | { readonly type: "failed"; readonly code: string; readonly detail: string }
  /** It may or may not have had its effect. */
  | { readonly type: "in-doubt"; readonly code: string; readonly detail: string }
  /** We broke it off. */
  | { readonly type: "interrupted" };

/** What a tool knows about an attempt that was in doubt. */
export type Verification =
  | { readonly answer: "done"; readonly output: Readonly<Record<string, unknown>> }
  | { readonly answer: "not-done" }
  | { readonly answer: "unknown"; readonly detail: string };

/** Why an action was broken off by us. */
export type Interruption = "withdrawn" | "timeout";

/** What a resume in the middle of a long action takes. */
export type StageCheckpoint = NonNullable<EventData<"stage.progress">["checkpoint"]>;

/** An action that this process started; gone in a crash, when the journal's `stage.attempt` is what is left of it. */
export interface Attempt {
  readonly contractId: string;
  readonly stageId: string;
  readonly action: string;
  readonly n: number;
  readonly startedMs: number;
  readonly drivenAtStart: Metres;
  readonly batteryAtStart?: Share;
  /** What it has taken of the battery, as of the last time that another one began or ended beside it. */
  readonly meter?: BatteryMeter;
  /** What the attempts before it took. */
  readonly usedBefore?: StageUsage;
  readonly interruption?: Interruption;
  /** What a resume in its middle takes, as far as the action has said. */
  readonly checkpoint?: StageCheckpoint;
  /** The floor that the stage has covered so far. */
  readonly coverage?: CoverageMap;
  /** What is left to be driven for it, from where the robot is. */
  readonly way?: readonly Point[];
  /** Set when it has ended and the journal does not say so yet. */
  readonly result?: ToolResult;
}

/** A question to a tool about an attempt in doubt. */
export interface Inquiry {
  readonly contractId: string;
  readonly stageId: string;
  readonly n: number;
  readonly startedMs: number;
  /** What the attempt failed with if its effect did not happen; absent after a restart, which is nobody's failure. */
  readonly cause?: { readonly code: string; readonly detail: string };
  readonly answer?: Verification;
}

/** What this process is doing and remembers; all of it may be lost at any moment. Times are monotonic milliseconds. */
export interface Activity {
  /** At most one attempt or inquiry a stage, and at most one stage a tool. */
  readonly attempts: readonly Attempt[];
  readonly inquiries: readonly Inquiry[];
  /** When a stage that failed may be tried again, by `<contractId>/<stageId>`; absent means at once. */
  readonly retryAtMs: Readonly<Record<string, number>>;
  /** Since when a stage lacks a resource, by `shortageKey`. */
  readonly shortSinceMs: Readonly<Record<string, number>>;
  /** When this process first saw a hold, by `<contractId>/<holdId>`. */
  readonly heldSinceMs: Readonly<Record<string, number>>;
  /** Constraints that do not hold and are tolerated, as far as they were journaled: `<contractId>/<code>`. */
  readonly tolerated: readonly string[];
  /** The request for a new plan that this process has sent, and when. */
  readonly asked?: { readonly requestId: string; readonly atMs: number };
  /**
   * Set while a contract that an earlier process had begun has not been compared with the world: since when, and whether
   * the hand has been asked what it holds.
   */
  readonly environment?: { readonly sinceMs: number; readonly isFelt: boolean };
  readonly progressAtMs?: number;
  /** What people were last told of the end. */
  readonly noticed?: Noticed;
  /** When it last estimated, and how long the whole way was thought to be then. */
  readonly estimate?: { readonly atMs: number; readonly wayLength: Metres };
}

/** All that deciding about one contract takes. */
export interface Situation {
  readonly contract: Contract;
  readonly state: ContractState;
  readonly now: Instant;
  readonly robot: RobotView;
  /** Milliseconds of lease left; zero or less when it has ended. */
  readonly leaseRemainingMs: number | "unknown";
  readonly safety: SafetyMode;
  /** Why, where it is not `normal`. */
  readonly safetyReason?: string;
  /** An order to stop is on its way to the journal; until it is there, nothing begins. */
  readonly isOrderPending: boolean;
  readonly activity: Activity;
  readonly policies: Policies;
  /** Uniform from 0 to below 1: spreads delays, so that devices that failed together do not try again together. */
  readonly chance: number;
  /** How the future is expected to go. */
  readonly outlook: Outlook;
  /** What a metre takes of the battery, as far as this robot has learned. */
  readonly drainPerMetre?: number;
  /** How long the link has been gone; 0 while it is there. */
  readonly offlineMs: number;
  /** The plan of its own that the contract waits for. */
  readonly job?: Job;
  /** The contract that the work plan at hand works for; absent where it is a contract itself. */
  readonly parent?: Contract;
}
