import { distance, poseFrom, wrapAngle, type Point, type Pose } from "#lib/geometry";
import { ACTIONS } from "#contract/actions";
import type { Contract, Stage } from "#contract/contract";
import { homeOf, mayBeAt, nearest, placesOf, zonesAt } from "#contract/offline";
import { hasLoad } from "./event-parts.ts";
import type { Situation } from "./situation.ts";
import type { ContractPlanKind } from "./work-plan.ts";

type Landmark = Contract["spatial"]["landmarks"][number];
type Place = Pick<Situation, "contract" | "state" | "robot">;

/** The stages of a plan from here; none where there is nothing to do, or nothing that the contract's scope allows. */
export function planStages(kind: ContractPlanKind, place: Place, except?: string): readonly Stage[] {
  return STAGES[kind](place, except);
}

const STAGES: Readonly<Record<ContractPlanKind, (place: Place, except?: string) => readonly Stage[]>> = {
  "return-home": returnHome,
  recharge,
  "wind-down": windDown,
  "stand-aside": standAside,
};

/** Where goods may be put down. */
const DROP_KINDS = ["station", "rack"];
/** A robot that is this near a landmark, and heads as it does, is there: metres and radians. */
const THERE = { distance: 0.2, yaw: 0.2 };

function returnHome(place: Place): readonly Stage[] {
  const { pose } = place.robot;
  const home = pose && homeOf(place.contract, pose);
  return home ? driveTo(place, home, "drive-home") : [];
}

/** Charging itself takes no more than to stand there. */
function recharge(place: Place): readonly Stage[] {
  const { contract, robot } = place;
  const chargers = placesOf(contract).filter(({ kind }) => kind === "charger");
  const charger = robot.pose && nearest(robot.pose, chargers);
  return charger ? driveTo(place, charger, "drive-to-charger") : [];
}

/** Puts the load down where that is allowed, else keeps it; then leaves aisles and all places where nobody may stop. */
function windDown(place: Place, except?: string): readonly Stage[] {
  const { pose } = place.robot;
  if (!pose) return [];
  const drop = hasLoad(place) ? dropOf(place, pose, except) : undefined;
  const putDown = drop && [...driveTo(place, drop.landmark, "drive-to-drop"), placeAt(drop.location)];
  const from = drop ? poseFrom(drop.landmark.pose) : pose;
  return [...(putDown ?? []), ...standAside({ ...place, robot: { ...place.robot, pose: from } })];
}

/** Leaves aisle and all places where nobody may stop, with whatever is on board. */
function standAside(place: Place): readonly Stage[] {
  const { pose } = place.robot;
  if (!pose || isClear([pose.x, pose.y], place.contract)) return [];
  const refuge = nearest(
    pose,
    placesOf(place.contract).filter((mark) => isClear([mark.pose[0], mark.pose[1]], place.contract)),
  );
  return refuge ? driveTo(place, refuge, "leave-aisle") : [];
}

interface Drop {
  readonly landmark: Landmark;
  /** The location as the contract's stages name it. */
  readonly location: string;
}

/** The nearest station or rack that the contract itself takes goods from or brings them to. */
function dropOf({ contract }: Place, from: Pose, except: string | undefined): Drop | undefined {
  if (!isInScope(contract, "place")) return undefined;
  const drops = contract.stages.flatMap(({ action, inputs, stageId }): Drop[] => {
    const location = action === "place" ? inputs["to"] : action === "pick" ? inputs["from"] : undefined;
    if (typeof location !== "string" || stageId === except) return [];
    const landmark = placesOf(contract).find(({ id }) => location === id || location.startsWith(`${id}.`));
    return landmark && DROP_KINDS.includes(landmark.kind) ? [{ landmark, location }] : [];
  });
  const best = nearest(
    from,
    drops.map(({ landmark }) => landmark),
  );
  return drops.find(({ landmark }) => landmark === best);
}

/** Whether a robot that stops there is in nobody's way. */
function isClear(point: Point, contract: Contract): boolean {
  return mayBeAt(point, contract) && !zonesAt(point, contract).some(({ kind }) => NOT_CLEAR.has(kind));
}

/** Work zones are where the work is done: aisles, and floors to be cleaned. */
const NOT_CLEAR: ReadonlySet<string> = new Set(["work", "one-way", "no-stop", "keepout"]);

function driveTo(
  { contract, robot: { pose } }: Place,
  { id, pose: goal }: Landmark,
  stageId: string,
): readonly Stage[] {
  const isThere =
    pose !== undefined &&
    distance(pose, poseFrom(goal)) <= THERE.distance &&
    Math.abs(wrapAngle(pose.yaw - goal[2])) <= THERE.yaw;
  return isThere || !isInScope(contract, "navigate")
    ? []
    : [{ ...planStage(stageId, "navigate", { to: id }), timeoutSeconds: 300 }];
}

/** A load that cannot be put down stays on board, and the robot leaves with it. */
function placeAt(location: string): Stage {
  return { ...planStage("put-down", "place", { to: location }), timeoutSeconds: 60, optional: true };
}

/** A stage of a plan: its action and inputs say all that there is to say. */
export function planStage(stageId: string, action: string, inputs: Stage["inputs"]): Omit<Stage, "timeoutSeconds"> {
  return { stageId, goal: stageId, action, inputs, toolsRequired: [...(ACTIONS[action]?.tools ?? [])], validation: [] };
}

function isInScope({ scope }: Contract, action: string): boolean {
  return scope.actions.some((scoped) => scoped.action === action);
}
