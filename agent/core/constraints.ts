import { timestamp } from "#lib/clock";
import type { Contract } from "#contract/contract";
import type { ContractState } from "#contract/state";
import { elapsedMs } from "./elapsed.ts";
import type { Instant, RobotView } from "./situation.ts";

/** A constraint of the contract that does not hold, or is about not to. */
export interface Violation {
  readonly code:
    | "battery_low"
    | "window_passed"
    | "duration_exceeded"
    | "zone_forbidden"
    | "speed_exceeded"
    | "battery_short"
    | "time_short";
  readonly detail: string;
  readonly value: number | string;
  readonly limit: number | string | readonly string[];
  /** What it comes to if the work goes on; absent where it does not hold already. */
  readonly becomes?: Violation["code"];
}

/** What constraints are judged by. */
export interface ConstraintInput {
  readonly contract: Contract;
  readonly state: ContractState;
  readonly robot: RobotView;
  readonly now: Instant;
}

/** Every constraint that does not hold, the most final first. Something that was not measured yet violates nothing. */
export function findViolations(input: ConstraintInput): readonly Violation[] {
  return CHECKS.map((check) => check(input)).filter((violation) => violation !== undefined);
}

/** Milliseconds until the contract may start; zero when it may. A clock that is not synced cannot tell, and does not wait. */
export function waitBeforeStartMs(contract: Contract, now: Instant): number {
  const { notBefore } = contract.constraints.window;
  if (notBefore === undefined || now.clock === "unsynced") return 0;
  return Math.max(0, Date.parse(notBefore) - now.wallMs);
}

type Check = (input: ConstraintInput) => Violation | undefined;

const CHECKS: readonly Check[] = [windowEnd, duration, battery, zones, speed];

function windowEnd({ contract, now }: ConstraintInput): Violation | undefined {
  const { notAfter } = contract.constraints.window;
  if (notAfter === undefined || now.clock === "unsynced" || now.wallMs <= Date.parse(notAfter)) return undefined;
  return {
    code: "window_passed",
    detail: `the contract was to end by ${notAfter}`,
    value: timestamp(now.wallMs),
    limit: notAfter,
  };
}

/** Counts from the start of the work on the boot clock; a step of the wall clock changes nothing. */
function duration({ contract, state, now }: ConstraintInput): Violation | undefined {
  const { maxDurationSeconds } = contract.constraints.window;
  if (maxDurationSeconds === undefined || !state.isStarted) return undefined;
  const elapsed = elapsedMs({ monoMs: state.startedMonoMs, at: state.startedAt }, now, contract.issuedAt);
  const seconds = (elapsed ?? 0) / 1000;
  if (seconds <= maxDurationSeconds) return undefined;
  return {
    code: "duration_exceeded",
    detail: `the contract has taken ${Math.round(seconds)} s of ${maxDurationSeconds} s`,
    value: Math.round(seconds),
    limit: maxDurationSeconds,
  };
}

function battery({ contract, robot }: ConstraintInput): Violation | undefined {
  const { minimum } = contract.constraints.battery;
  if (robot.battery === undefined || robot.battery >= minimum) return undefined;
  return {
    code: "battery_low",
    detail: `the battery is at ${percent(robot.battery)}, the contract wants at least ${percent(minimum)}`,
    value: robot.battery,
    limit: minimum,
  };
}

function zones({ contract, robot }: ConstraintInput): Violation | undefined {
  const { allowed, forbidden = [] } = contract.constraints.zones;
  const entered = robot.zones.find((zone) => forbidden.includes(zone));
  if (entered !== undefined) {
    return { code: "zone_forbidden", detail: `the robot is in ${entered}`, value: entered, limit: forbidden };
  }
  if (allowed === undefined || robot.pose === undefined) return undefined;
  if (robot.zones.some((zone) => allowed.includes(zone))) return undefined;
  return { code: "zone_forbidden", detail: "the robot is in no allowed zone", value: "", limit: allowed };
}

/** The gate keeps the limit; what is beyond it by more than this is a fault of ours that must not go on. */
const SPEED_TOLERANCE = { share: 1.15, metresPerSecond: 0.1 };

function speed({ contract, robot }: ConstraintInput): Violation | undefined {
  const { maxSpeed } = contract.constraints;
  if (maxSpeed === undefined) return undefined;
  if (robot.speed <= maxSpeed * SPEED_TOLERANCE.share + SPEED_TOLERANCE.metresPerSecond) return undefined;
  return {
    code: "speed_exceeded",
    detail: `the robot drives ${robot.speed.toFixed(2)} m/s, the contract allows ${maxSpeed} m/s`,
    value: robot.speed,
    limit: maxSpeed,
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
