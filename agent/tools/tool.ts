import type { Point } from "#lib/geometry";
import type { Contract, Stage } from "#contract/contract";
import type { CoverageMap, CoverageState } from "#contract/coverage";
import type { StageChanges } from "#contract/stage-changes";
import type { Permit } from "../core/permit.ts";
import type { StageCheckpoint, ToolResult, Verification } from "../core/situation.ts";

/** One attempt at a stage's action. */
export interface ToolRequest {
  /** Idempotency key of the attempt; the device may know it from before a crash. */
  readonly key: string;
  readonly stage: Stage;
  readonly contract: Contract;
  /** Asked right before every command that moves or changes anything: holds and orders count at once. */
  permit(): Permit;
  /** How the stage is done otherwise than it says. */
  readonly changes?: StageChanges;
  /** What an earlier attempt had saved. */
  readonly checkpoint?: Readonly<Record<string, unknown>>;
  /** Keeps what a resume in the middle of a long action takes. */
  save?(checkpoint: StageCheckpoint): void;
  /** The floor that earlier attempts have covered. */
  readonly coverage?: CoverageState;
  /** Keeps the floor that has been covered so far, which the journal is told every few seconds and at the end, and the way left. */
  cover?(coverage: CoverageMap, left: readonly Point[]): void;
}

/** How one action of the contract is done. */
export interface Tool {
  /**
   * Acts until the action has ended. Expected failures are results; `signal` breaks it off, which ends all motion of its own
   * at once and resolves `interrupted`. What cannot be broken off runs on in the device.
   */
  act(request: ToolRequest, signal: AbortSignal): Promise<ToolResult>;
  /** What is known about an attempt in doubt; moves nothing. Rejects `driver.*` while the device can't be asked. */
  verify(request: ToolRequest): Promise<Verification>;
}
