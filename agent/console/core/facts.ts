import type { BoardReading } from "#lib/board";
import type { ClockState } from "#lib/clock";
import type { Contract } from "#contract/contract";
import type { DeviceState } from "#contract/state";
import type { BatterySample, Health } from "#drivers/driver";
import type { SinkStatus } from "#feed/planner-sink";
import type { MotionReport } from "../../control/control.ts";
import type { Violation } from "../../core/constraints.ts";
import type { Fault } from "../../core/faults.ts";
import type { LinkState } from "../../core/link-state.ts";
import type { RobotView, SafetyMode } from "../../core/situation.ts";
import type { FlashBudget } from "../../telemetry/flash-budget.ts";
import type { TelemetryStatus } from "../../telemetry/telemetry.ts";

/** Which robot this is. */
export interface Identity {
  readonly deviceId: string;
  readonly site: string;
  readonly kind: string;
  readonly software: string;
}

/** What the journal alone tells; all there is when the agent is dead. */
export interface StoredFacts {
  readonly identity: Identity;
  readonly nowMs: number;
  readonly wallMs: number;
  readonly clock: ClockState;
  readonly state: DeviceState;
  /** The contract that the robot has now. */
  readonly contract?: Contract | undefined;
  readonly journal: { readonly firstSeq: number; readonly lastSeq: number; readonly ackedSeq: number };
}

/** What only a running agent knows; moments count on the monotonic clock. */
export interface LiveFacts {
  readonly sinceMs: number;
  readonly robot: RobotView;
  readonly report: MotionReport | undefined;
  readonly battery: BatterySample | undefined;
  /** Health per device, the parts of the motion loop included. */
  readonly drivers: Readonly<Record<string, Health>>;
  readonly safety: {
    readonly mode: SafetyMode;
    readonly reason: string | undefined;
    readonly faults: readonly Fault[];
  };
  readonly link: LinkState;
  readonly journalShare: number;
  readonly telemetry: TelemetryStatus | undefined;
  readonly feeds: readonly SinkStatus[];
  readonly flash: FlashBudget | undefined;
  readonly board: BoardReading;
  readonly leaseRemainingMs: number | "unknown" | undefined;
  readonly violations: readonly Violation[];
}

/** What the console shows is read from this. */
export interface ConsoleFacts extends StoredFacts {
  /** Absent when the agent is dead. */
  readonly live?: LiveFacts;
}
