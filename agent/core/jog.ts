import { timestamp } from "#lib/clock";
import { compose, type Pose } from "#lib/geometry";
import type { Metres, MetresPerSecond, Radians } from "#lib/units";
import type { Contract } from "#contract/contract";
import { activeContract } from "#contract/reducer";
import type { ContractState, DeviceState } from "#contract/state";
import { planStage } from "./plan-stages.ts";
import type { Instant, RobotView, SafetyMode } from "./situation.ts";
import { ABORT_AT_ONCE, acceptPlan, zonesFrom, type WorkPlan } from "./work-plan.ts";

/** A short move that a technician wants: metres ahead and to the left of the robot, radians counter-clockwise. */
export interface JogMove {
  readonly x: Metres;
  readonly y: Metres;
  readonly yaw: Radians;
}

/** How far and how fast a technician may have a robot move by hand (`jog` in the profile). */
export interface JogLimits {
  readonly maxDistance: Metres;
  readonly maxYaw: Radians;
  readonly maxSpeed: MetresPerSecond;
}

/** What came of a jog; `pose` is where the robot is now. */
export type JogResult =
  | { readonly ok: true; readonly planId: string; readonly pose?: Pose }
  | { readonly ok: false; readonly reason: JogRefusal; readonly detail: string };

/** `not_done`: it was begun and did not come to its end; everything else was refused before it. */
export type JogRefusal = "out_of_bounds" | "contract_active" | "busy" | "not_ready" | "not_done";

/** What a jog is judged by. */
export interface JogBasis {
  readonly limits: JogLimits;
  readonly device: DeviceState;
  readonly robot: Pick<RobotView, "pose" | "battery" | "zones">;
  readonly safety: SafetyMode;
  /** Whether anything is under way, or about to be. */
  readonly isBusy: boolean;
}

/** A jog that takes longer is given up. */
const JOG_SECONDS_MAX = 30;
const TOLERANCE: Metres = 0.03;

/** Whether a jog may begin, and from where: it is within bounds, the robot is well, and no contract is at work. */
export function permitJog(
  move: JogMove,
  basis: JogBasis,
): { readonly ok: true; readonly from: Pose } | Extract<JogResult, { ok: false }> {
  const { limits, device, robot, safety, isBusy } = basis;
  const { maxDistance, maxYaw } = limits;
  const isWithin = Math.hypot(move.x, move.y) <= maxDistance && Math.abs(move.yaw) <= maxYaw;
  if (!isWithin) {
    return refused("out_of_bounds", `a jog goes at most ${maxDistance} m far and turns at most ${maxYaw} rad`);
  }
  const active = activeContract(device);
  if (active && active.status !== "held") {
    return refused(
      "contract_active",
      `contract ${active.name ?? active.contractId} is ${active.status}: hold it first`,
    );
  }
  if (isBusy) return refused("busy", "the robot is at work: wait until it stands");
  if (safety !== "normal" && safety !== "limited")
    return refused("not_ready", `the robot may not move: it is ${safety}`);
  if (!robot.pose || robot.battery === undefined) {
    return refused("not_ready", "the robot does not know where it is, or how full its battery is");
  }
  return { ok: true, from: robot.pose };
}

/** What a jog is made of besides the move. */
export interface JogOrder {
  readonly planId: string;
  readonly deviceId: string;
  readonly from: Pose;
  readonly limits: JogLimits;
  readonly robot: Pick<RobotView, "zones">;
  /** The contract that is held meanwhile: its place and zones hold for the jog, too. */
  readonly held?: Contract;
}

/** A jog as a work plan of its own: one short drive through the same loop, permit and gate as everything else. */
export function makeJog({ x, y, yaw }: JogMove, order: JogOrder, now: Instant): WorkPlan {
  const { planId, deviceId, from, limits, robot, held } = order;
  const to = compose(from, { x, y, yaw });
  const stage = planStage("jog", "navigate", { to: [to.x, to.y, to.yaw], tolerance: TOLERANCE });
  const contract: Contract = {
    schema: "hf.contract/1",
    contractId: planId,
    session: planId,
    lease: { durationSeconds: JOG_SECONDS_MAX, windDownSeconds: 0 },
    revision: 1,
    epoch: 1,
    taskId: "jog",
    deviceId,
    issuedAt: timestamp(now.wallMs),
    task: { kind: "custom", title: `jog by ${x.toFixed(2)} m, ${y.toFixed(2)} m, ${yaw.toFixed(2)} rad` },
    stages: [{ ...stage, timeoutSeconds: JOG_SECONDS_MAX }],
    scope: { actions: [{ action: "navigate" }] },
    spatial: held?.spatial ?? { frame: "map", mapId: "open", mapRevision: "1", zones: [], landmarks: [] },
    constraints: {
      battery: { minimum: 0 },
      window: { maxDurationSeconds: JOG_SECONDS_MAX },
      zones: zonesFrom(held?.constraints.zones ?? {}, robot.zones),
      maxSpeed: limits.maxSpeed,
    },
    failurePolicy: ABORT_AT_ONCE,
    assumptions: [],
  };
  return acceptPlan({ planId, kind: "jog", contract }, now);
}

/** What a jog has come to. */
export function jogResult(state: ContractState, pose: Pose | undefined): JogResult {
  const { contractId: planId, status, endReason } = state;
  if (status === "completed") return { ok: true, planId, ...(pose && { pose }) };
  return refused("not_done", `the jog is ${status}${endReason === undefined ? "" : `: ${endReason}`}`);
}

function refused(reason: JogRefusal, detail: string): Extract<JogResult, { ok: false }> {
  return { ok: false, reason, detail };
}
