import type { ContractDraft, FailurePolicy, FailureRule, Lease, Stage } from "#contract/contract";
import { timestamp } from "#lib/clock";
import type { Rng } from "#lib/rng";
import type { ScheduledContract } from "../scenario-file.ts";
import { type ExploredPlace, siteAt, SKU } from "./place.ts";

/** What contracts of a seed are drawn for. */
export interface Orders {
  readonly place: ExploredPlace;
  readonly robots: readonly string[];
  /** No contract is pushed later. */
  readonly lastPushMs: number;
  /** Wall clock at the start of the run. */
  readonly wallAtStartMs: number;
}

const CONTRACTS_MAX = 3;
/** Odds that a contract differs from a plain one in some part. */
const SELDOM = [1, 4] as const;
const EVEN = [1, 2] as const;

/** Contracts of every kind, for these robots. */
export function drawContracts(rng: Rng, orders: Orders): ScheduledContract[] {
  return Array.from({ length: rng.integer(1, CONTRACTS_MAX) }, (_, at) => {
    const own = rng.fork(`contract ${at}`);
    const deviceId = pick(own, orders.robots);
    const scheduled = {
      draft: drawDraft(own, `task-${at + 1}`, deviceId, orders),
      atMs: own.integer(0, orders.lastPushMs),
    };
    // The same task twice: the second waits until nobody is at it any more.
    return at > 0 && own.fork("again").chance(1, 3)
      ? { ...scheduled, draft: { ...scheduled.draft, taskId: "task-1" } }
      : scheduled;
  });
}

/** One of the items. */
export function pick<Item>(rng: Rng, items: readonly Item[]): Item {
  return items[rng.integer(0, items.length - 1)]!;
}

function drawDraft(rng: Rng, taskId: string, deviceId: string, orders: Orders): ContractDraft {
  const { place, wallAtStartMs } = orders;
  const stages = STAGES[pick(rng, KINDS)](rng, place).map((stage) => vary(rng, stage));
  const actions = [...new Set(stages.map(({ action }) => action)), "wait"];
  const maxSpeed = rng.chance(...SELDOM) ? { limits: { maxSpeed: 0.6 } } : {};
  const keepouts = place.zones.filter(({ kind }) => kind === "keepout").map(({ id }) => id);
  const lease = drawLease(rng);
  return {
    schema: "hf.contract/1",
    name: taskId,
    taskId,
    deviceId,
    ...(lease && { lease }),
    task: { kind: "custom", title: `Explored ${taskId}` },
    stages,
    scope: { actions: [...new Set(actions)].map((action) => ({ action, ...(action === "navigate" ? maxSpeed : {}) })) },
    spatial: {
      frame: "map",
      mapId: "explored",
      mapRevision: "1",
      occupancy: place.occupancy,
      zones: [...place.zones],
      landmarks: [...place.landmarks],
    },
    constraints: {
      battery: { minimum: rng.chance(...EVEN) ? 0.05 : 0.3 },
      window: drawWindow(rng, wallAtStartMs),
      zones: { forbidden: keepouts },
      ...(rng.chance(...SELDOM) ? { maxSpeed: 0.8 } : {}),
    },
    failurePolicy: drawPolicy(rng),
    assumptions: drawAssumptions(rng),
  };
}

type Kind = "drive" | "deliver" | "look" | "wait" | "abreast";
const KINDS: readonly Kind[] = ["drive", "deliver", "deliver", "deliver", "look", "wait", "abreast"];

/** The stages of each kind of contract. */
const STAGES: Readonly<Record<Kind, (rng: Rng, place: ExploredPlace) => Stage[]>> = {
  drive: (rng, place) =>
    Array.from({ length: rng.integer(1, 2) }, (_, at) => drive(`drive-${at + 1}`, pick(rng, place.landmarks).id)),
  deliver(rng, place) {
    const [rack, conveyor] = [pick(rng, place.racks), pick(rng, place.conveyors)];
    return [drive("go-to-rack", rack), take("take", rack), drive("go-to-conveyor", conveyor), put("put", conveyor)];
  },
  look: (rng, place) => {
    const rack = pick(rng, place.racks);
    return [drive("go", rack), stage("read", "scan", { expect: siteAt(rack) }, ["scanner"])];
  },
  wait: (rng) => [stage("rest", "wait", { seconds: rng.integer(1, 20) }, [])],
  abreast(rng, place) {
    const rack = pick(rng, place.racks);
    const read = stage("read", "scan", {}, ["scanner"]);
    return [drive("go", rack), { ...read, after: ["go"] }, { ...take("take", rack), after: ["go"] }];
  },
};

function drive(stageId: string, to: string): Stage {
  return { ...stage(stageId, "navigate", { to, tolerance: 0.2 }, ["base"]), timeoutSeconds: 60 };
}

/** Goods are handled only while this fits into the lease: short enough for most leases that are drawn. */
const HANDLING_SECONDS = 12;

function take(stageId: string, rack: string): Stage {
  const validation = [{ expr: "output.sku == inputs.sku", message: "the item must be the one ordered" }];
  const inputs = { sku: SKU, quantity: 1, from: siteAt(rack) };
  return { ...stage(stageId, "pick", inputs, ["load"]), timeoutSeconds: HANDLING_SECONDS, validation };
}

function put(stageId: string, conveyor: string): Stage {
  const validation = [{ expr: "output.handedOver", message: "the conveyor must have seen the item" }];
  const inputs = { to: siteAt(conveyor) };
  return { ...stage(stageId, "place", inputs, ["load"]), timeoutSeconds: HANDLING_SECONDS, validation };
}

function stage(stageId: string, action: string, inputs: Stage["inputs"], toolsRequired: string[]): Stage {
  return { stageId, goal: `${action} ${stageId}`, action, inputs, toolsRequired, validation: [], timeoutSeconds: 40 };
}

function vary(rng: Rng, drawn: Stage): Stage {
  return {
    ...drawn,
    ...(rng.chance(...SELDOM) ? { timeoutSeconds: rng.integer(6, 20) } : {}),
    ...(rng.chance(1, 8) ? { optional: true } : {}),
    ...(rng.chance(1, 8) ? { onFailure: [drawRule(rng)] } : {}),
  };
}

function drawLease(rng: Rng): Lease | undefined {
  if (rng.chance(...EVEN)) return undefined;
  return { durationSeconds: rng.integer(12, 40), windDownSeconds: rng.integer(2, 6) };
}

function drawWindow(rng: Rng, wallAtStartMs: number): ContractDraft["constraints"]["window"] {
  const window = { maxDurationSeconds: rng.chance(...SELDOM) ? rng.integer(10, 30) : 600 };
  if (!rng.chance(...SELDOM)) return window;
  const notAfter = timestamp(wallAtStartMs + rng.integer(15, 90) * 1000);
  return { ...window, notAfter };
}

function drawPolicy(rng: Rng): FailurePolicy {
  return {
    rules: Array.from({ length: rng.integer(0, 2) }, () => drawRule(rng)),
    fallback: pick(rng, ["reassign", "escalate", "hold", "abort"]),
    replanBudget: rng.integer(0, 3),
    offline: pick(rng, ["finish", "finish", "finish-stage", "hold", "return-home"]),
  };
}

const CONDITIONS = ["true", "failure.attempt < 2", "failure.severity != 'critical'", "robot.online"];

function drawRule(rng: Rng): FailureRule {
  const when = pick(rng, CONDITIONS);
  const strategy = pick(rng, ["retry", "retry", "reassign", "escalate", "hold", "abort"] as const);
  if (strategy === "retry")
    return { when, strategy, retry: { attempts: rng.integer(1, 3), backoffSeconds: rng.integer(0, 3) } };
  if (strategy === "hold") return { when, strategy, hold: { deadlineSeconds: rng.integer(3, 20) } };
  return { when, strategy };
}

function drawAssumptions(rng: Rng): ContractDraft["assumptions"] {
  const enough: ContractDraft["assumptions"][number] = {
    id: "energy",
    expr: "robot.battery > 0.4",
    severity: pick(rng, ["minor", "major", "critical"]),
  };
  return rng.chance(...SELDOM) ? [enough] : [];
}
