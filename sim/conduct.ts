import { readEventData } from "#contract/event-data";
import type { Event } from "#contract/event";
import type { ContractState } from "#contract/state";
import { isFinal } from "#contract/status";
import { distance, wrapAngle, type Pose } from "#lib/geometry";
import type { Metres, MetresPerSecond, Radians, Share } from "#lib/units";
import type { Agent } from "#agent/compose";
import type { World, WorldSnapshot } from "./world/world.ts";
import type { Collision } from "./world/metrics.ts";

/** What robots and programs were seen doing while a run went on; what lies in databases afterwards does not show it. */
export interface Conduct {
  /** Beginnings of work, each from the moment that it was durable. */
  readonly acts: readonly Act[];
  /** Robots that were seen moving, and for which contract. */
  readonly moves: readonly Move[];
  readonly contacts: readonly Contact[];
  readonly trespasses: readonly Trespass[];
}

export interface Act {
  readonly atMs: number;
  readonly deviceId: string;
  readonly contractId: string;
  readonly taskId: string;
  readonly epoch: number;
  readonly type: "contract.started" | "stage.attempt";
  /** Of the stage, for an attempt. */
  readonly action?: string;
  readonly stageId?: string;
  /** Its moment by the device's own wall clock, and what that clock says of itself. */
  readonly at: string;
  readonly clock: Event["clock"];
  /** The most battery that the robot had or believed to have in the last moments. */
  readonly charge: Share;
}

export interface Move {
  readonly atMs: number;
  readonly deviceId: string;
  readonly speed: MetresPerSecond;
  /** Absent when the device's program is dead or has no contract under way. */
  readonly contractId?: string;
  readonly taskId?: string;
  readonly epoch?: number;
  /** For how long the device has had this contract; infinite without one. */
  readonly heldMs: number;
  /** Milliseconds since the device last had a contract that runs, or a plan of its own under way. */
  readonly idleMs: number;
}

export interface Contact extends Collision {
  readonly deviceId: string;
  /** Whether the thing had stood there for a while, or moved in sight of the robot for a while: the robot could see it in time. */
  readonly wasSeen: boolean;
}

/** A robot came to be in a forbidden zone, or too fast in a slow one. */
export interface Trespass {
  readonly atMs: number;
  readonly deviceId: string;
  readonly kind: "keepout" | "speed";
  /** How far off its place the robot believed to be, at most, in the last moments; infinite when it did not know or was dead. */
  readonly error: Metres;
}

/** The part of a site that is watched. */
export interface Watched {
  readonly world: World;
  readonly agents: ReadonlyMap<string, { agent(): Agent | undefined }>;
}

export const LOOK_EVERY_MS = 200;
/** Slower than this counts as standing, in m/s and rad/s. */
const STANDING = 0.05;
/** What moved and turned less than this within the last second stood still. */
const STILL: Metres = 0.02;
const STILL_TURN: Radians = 0.05;
const REMEMBERED_LOOKS = 6;
/** Farther away nothing that moves can be told from the rest. */
const SIGHT: Metres = 6;
/** No robot drives so far between two looks. */
const LEAP: Metres = 0.5;

/**
 * Keeps the books of what is done in one run. `look` is called every `LOOK_EVERY_MS`, `hear` with every durable event. In coarse
 * motion, whose five scans a second are no robot's, nothing that moves counts as seen in time.
 */
export class ConductBook implements Conduct {
  readonly acts: Act[] = [];
  readonly moves: Move[] = [];
  readonly contacts: Contact[] = [];
  readonly trespasses: Trespass[] = [];
  readonly #contracts = new Map<string, Pick<Act, "taskId" | "epoch">>();
  readonly #actions = new Map<string, string>();
  readonly #devices = new Map<string, Notes>();
  /** Places of everything that can move, newest last. */
  readonly #places: ReadonlyMap<string, Place>[] = [];
  readonly #motion: "full" | "coarse";

  constructor(motion: "full" | "coarse") {
    this.#motion = motion;
  }

  hear(atMs: number, deviceId: string, event: Event): void {
    const { contractId, type, stageId = "", epoch = 1 } = event;
    this.#noteWorkPlan(atMs, deviceId, event);
    if (contractId === undefined) return;
    const accepted = type === "contract.accepted" && readEventData("contract.accepted", event.data);
    if (accepted) this.#contracts.set(contractId, { taskId: accepted.taskId, epoch });
    const started = type === "stage.started" && readEventData("stage.started", event.data);
    if (started) this.#actions.set(`${contractId}/${stageId}`, started.action);
    if (type !== "contract.started" && type !== "stage.attempt") return;
    const known = this.#contracts.get(contractId);
    const action = this.#actions.get(`${contractId}/${stageId}`);
    if (!known) return;
    const charge = Math.max(...this.#notesOf(deviceId, atMs).charges, 0);
    const { at, clock } = event;
    const stage = action && { action, stageId };
    this.acts.push({ atMs, deviceId, contractId, ...known, type, ...stage, at, clock, charge });
  }

  look(atMs: number, { world, agents }: Watched): void {
    const snapshot = world.snapshot();
    this.#places.push(placesIn(snapshot));
    if (this.#places.length > REMEMBERED_LOOKS) this.#places.shift();
    for (const robot of snapshot.robots) {
      const agent = agents.get(robot.robotId)?.agent();
      this.#lookAt(atMs, robot, world, agent);
    }
  }

  #lookAt(atMs: number, robot: Seen, world: World, agent: Agent | undefined): void {
    const notes = this.#notesOf(robot.robotId, atMs);
    notes.errors.push(errorOf(robot.pose, agent));
    if (notes.errors.length > REMEMBERED_LOOKS) notes.errors.shift();
    const open = agent && Object.values(agent.state().contracts).find((contract) => !isFinal(contract.status));
    notes.charges.push(Math.max(robot.charge, agent?.robot().battery ?? 1));
    if (notes.charges.length > REMEMBERED_LOOKS) notes.charges.shift();
    if (open && notes.contract?.contractId !== open.contractId)
      notes.contract = { contractId: open.contractId, sinceMs: atMs };
    if (open?.status === "running" || notes.workPlan !== undefined) notes.busyMs = atMs;
    this.#noteMove(atMs, robot, open, notes);
    this.#noteHarm(atMs, robot, world, notes);
  }

  #noteMove(atMs: number, { robotId: deviceId, velocity }: Seen, open: ContractState | undefined, notes: Notes): void {
    const speed = Math.abs(velocity.linear);
    if (speed <= STANDING && Math.abs(velocity.angular) <= STANDING) return;
    const who = open && { contractId: open.contractId, taskId: open.taskId, epoch: open.epoch };
    const heldMs = open ? atMs - notes.contract!.sinceMs : Infinity;
    this.moves.push({ atMs, deviceId, speed, idleMs: atMs - notes.busyMs, heldMs, ...who });
  }

  #noteHarm(atMs: number, { robotId: deviceId, metrics }: Seen, world: World, notes: Notes): void {
    const { collisions, keepoutViolations, speedViolations } = metrics;
    for (const collision of collisions.slice(notes.collisions)) {
      const wasThere = this.#stoodStill(collision.with) || this.#wasInSight(world, deviceId, collision.with);
      this.contacts.push({ ...collision, deviceId, wasSeen: wasThere && !this.#wasCarried(deviceId) });
    }
    const trespass = (kind: Trespass["kind"], count: number): void => {
      const error = Math.max(...notes.errors);
      for (let left = count; left > 0; left--) this.trespasses.push({ atMs, deviceId, kind, error });
    };
    trespass("keepout", keepoutViolations - notes.keepouts);
    trespass("speed", speedViolations - notes.speeding);
    notes.collisions = collisions.length;
    notes.keepouts = keepoutViolations;
    notes.speeding = speedViolations;
  }

  /** Work of the device's own, such as leaving an aisle, goes on while its contract is held. */
  #noteWorkPlan(atMs: number, deviceId: string, { type, data }: Event): void {
    const notes = this.#notesOf(deviceId, atMs);
    if (type === "boot" || WORK_ENDS.has(type)) delete notes.workPlan;
    else if (type === "stage.started" && typeof data["workPlan"] === "string") notes.workPlan = data["workPlan"];
  }

  #notesOf(deviceId: string, atMs: number): Notes {
    const known = this.#devices.get(deviceId);
    const notes = known ?? { collisions: 0, keepouts: 0, speeding: 0, busyMs: atMs, errors: [], charges: [] };
    this.#devices.set(deviceId, notes);
    return notes;
  }

  /** Whether somebody has put the robot elsewhere a moment ago: it has not had time to see where it is. */
  #wasCarried(deviceId: string): boolean {
    const places = this.#places.flatMap((things) => things.get(deviceId) ?? []);
    return places.some((place, at) => {
      const before = places[at - 1] ?? place;
      return Math.hypot(place.x - before.x, place.y - before.y) > LEAP;
    });
  }

  /** Whether no wall hid one from the other at any of the last looks, and both were near enough for a lidar. */
  #wasInSight(world: World, deviceId: string, id: string): boolean {
    return (
      this.#motion === "full" &&
      this.#places.length === REMEMBERED_LOOKS &&
      this.#places.every((things) => {
        const [robot, other] = [things.get(deviceId), things.get(id)];
        return robot !== undefined && other !== undefined && world.isInSight(robot, other, SIGHT);
      })
    );
  }

  /** Walls and obstacles always do. */
  #stoodStill(id: string): boolean {
    const places = this.#places.flatMap((things) => things.get(id) ?? []);
    const [first] = places;
    return places.every((place) => {
      const turn = Math.abs(wrapAngle((place.yaw ?? 0) - (first!.yaw ?? 0)));
      return Math.hypot(place.x - first!.x, place.y - first!.y) < STILL && turn < STILL_TURN;
    });
  }
}

/** With these nothing of a device's own plan is under way any more. */
const WORK_ENDS: ReadonlySet<string> = new Set(["stage.completed", "stage.failed", "stage.skipped"]);

/** What is remembered of a device from look to look. */
interface Notes {
  collisions: number;
  keepouts: number;
  speeding: number;
  /** When it last had a contract. */
  busyMs: number;
  /** Battery in the last moments: what it has or what its program believes, whichever is more. */
  readonly charges: Share[];
  /** The contract that it has or had, and since when. */
  contract?: { readonly contractId: string; readonly sinceMs: number };
  /** Id of its own plan that is under way. */
  workPlan?: string;
  readonly errors: Metres[];
}

type Seen = WorldSnapshot["robots"][number];
type Place = Pick<Pose, "x" | "y"> & Partial<Pick<Pose, "yaw">>;

function placesIn({ robots, people }: WorldSnapshot): ReadonlyMap<string, Place> {
  return new Map<string, Place>([
    ...robots.map(({ robotId, pose }) => [robotId, pose] as const),
    ...people.map((person) => [person.id, person] as const),
  ]);
}

function errorOf(truth: Pose, agent: Agent | undefined): Metres {
  const believed = agent?.robot().pose;
  return believed ? distance(believed, truth) : Infinity;
}
