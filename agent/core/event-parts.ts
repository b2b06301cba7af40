import type { Severity } from "#contract/contract";
import type { Movement } from "#contract/movement";
import type { ContractState } from "#contract/state";
import type { Drift } from "./conditions.ts";
import type { Violation } from "./constraints.ts";
import type { Outlook } from "./estimate.ts";
import type { Failure } from "./failure-policy.ts";
import { movementOf } from "./movement.ts";
import type { NewEvent } from "./ports.ts";
import type { RobotView, Situation } from "./situation.ts";
import type { StageView } from "./stage-order.ts";
import type { Output } from "./step.ts";

/** What writing events takes besides the situation. */
export interface StepDeps {
  /** Who does the work, as the planner names those who move goods. */
  readonly actor: Movement["actor"];
  readonly outlook: Outlook;
  readonly uuid: () => string;
  /** Name of an attempt for the device, which remembers it; unique per attempt. */
  readonly keyOf: (contractId: string, stageId: string, n: number) => string;
  /** Of a full battery. */
  readonly capacityWh: number;
  /** What drives the tools: kind of the drivers, and this program, which they are part of. */
  readonly tools: string;
}

/** An event of the contract at hand. */
export type EventBody = NewEvent extends infer Each
  ? Each extends NewEvent
    ? Omit<Each, "contractId">
    : never
  : never;

type EndingType = "contract.expired" | "contract.failed" | "contract.aborted" | "contract.released";

/** Who moves goods, in the planner's terms. */
export function actorOf(worker: "robot" | "person", deviceId: string): Movement["actor"] {
  return { kind: worker === "person" ? "HUMAN" : "ROBOT", id: deviceId };
}

/** The end of the contract, and what became of its load. */
export function ending(type: EndingType, situation: Situation, reason: string, detail?: string): readonly EventBody[] {
  const data = { reason, loadOnBoard: hasLoad(situation), ...(detail === undefined ? {} : { detail }) };
  return [{ type, data }];
}

/** Whether goods of this contract are on the robot, by its journal or by its hand. */
export function hasLoad({
  state,
  robot,
}: {
  readonly state: Pick<ContractState, "load">;
  readonly robot: Pick<RobotView, "isLoaded">;
}): boolean {
  return robot.isLoaded || Object.keys(state.load).length > 0;
}

/** Code of the exception about goods that are on a robot without a contract. */
export const LOAD_ON_BOARD = "load_on_board";

/** Goods on a robot whose contract is over belong to nobody until a supervisor says so. */
export function leftOnBoard(isLoaded: boolean, deps: Pick<StepDeps, "uuid">): readonly EventBody[] {
  if (!isLoaded) return [];
  return [exception(LOAD_ON_BOARD, "HIGH", "the contract has ended and the load is still on board", deps)];
}

/** A human is needed. */
export function exception(
  code: string,
  severity: "HIGH" | "URGENT",
  detail: string,
  { uuid }: Pick<StepDeps, "uuid">,
): EventBody {
  return { type: "exception", data: { code, severity, detail, correlation_id: uuid() } };
}

/** The policy keeps the robot where it is. */
export function policyHold(holdId: string, reason: string): EventBody {
  return { type: "contract.held", data: { holdId, by: "policy", reason } };
}

/** A constraint that does not hold. */
export function violated(
  { code, detail, value, limit, becomes }: Omit<Violation, "code"> & { code: string },
  severity?: Severity,
): EventBody {
  const plain = typeof limit === "object" ? [...limit] : limit;
  const judged = severity === undefined ? {} : { severity };
  return {
    type: "constraint.violated",
    data: { constraint: code, detail, value, limit: plain, ...judged, ...(becomes && { becomes }) },
  };
}

/** Something is wrong, but work goes on with it. */
export function deviation({ stageId, code, severity, detail }: Failure): EventBody {
  return { type: "notice", stageId, data: { kind: "deviation", text: `${code}: ${detail}`, code, severity } };
}

/** The assumptions that were found not to hold. */
export function drifted(drift: readonly Drift[], stageId: string): readonly EventBody[] {
  return drift.map((entry) => ({ type: "assumption.drifted", stageId, data: { ...entry } }));
}

/** What is known of the stage's last attempt. */
export function verdict({ stage, known }: StageView, answer: "done" | "not-done" | "unknown"): EventBody {
  return { type: "stage.verified", stageId: stage.stageId, data: { n: Math.max(1, known.attempts), answer } };
}

/** The movement that an action made, unless it was recorded when the stage failed with its effect. */
export function movement(
  view: StageView,
  output: Output,
  situation: Situation,
  deps: StepDeps,
): readonly Extract<EventBody, { type: "movement" }>[] {
  const data = view.known.verified === "done" ? undefined : movementOf(view.stage, output, situation, deps);
  return data ? [{ type: "movement", stageId: view.stage.stageId, data }] : [];
}

/** Where the robot is and how full its battery, as far as it knows. */
export function sighting({ robot }: Situation): { pose?: [number, number, number]; battery?: number } {
  const { pose, battery } = robot;
  return { ...(pose && { pose: [pose.x, pose.y, pose.yaw] }), ...(battery === undefined ? {} : { battery }) };
}
