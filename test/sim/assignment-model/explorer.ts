import { sha256Hex } from "#contract/io/node-crypto";
import { holdsLock, isFinal } from "#contract/status";
import { cloudMoves, deliverToCloud } from "./cloud-moves.ts";
import { deliverToDevice, deviceMoves, expireLeases, mayAct, stateOf } from "./device-moves.ts";
import {
  DEVICE_IDS,
  type Activity,
  type Assumptions,
  type DevicePart,
  type Guards,
  type Move,
  type WireMessage,
  type World,
} from "./world.ts";

/** How far the exploration goes. */
export interface Bounds extends Activity {
  /** Faults in one history. */
  readonly faults: number;
  /** Whether the cloud may be restored from a backup. */
  readonly restores: boolean;
  readonly seconds: number;
}

export interface Exploration {
  /** Different worlds that were reached. */
  readonly states: number;
  /** The shortest history that breaks an invariant, or undefined when none does. */
  readonly broken?: { readonly invariant: string; readonly history: readonly string[] };
}

const TICK_SECONDS = 15;
const INITIAL_DEVICE: DevicePart = {
  link: "up",
  session: 1,
  boot: 0,
  clock: "synced",
  journal: [],
  revoked: [],
  anchors: [],
  hasBeaten: false,
  generation: 0,
};

const INVARIANTS: Readonly<Record<string, (world: World, assumptions: Assumptions) => boolean>> = {
  "no two devices act on the task, unless an operator has forced it": (world, assumptions) =>
    world.isForced || !DEVICE_IDS.every((id) => mayAct(world, id, assumptions)),
  "at most one contract of the task holds its lock": ({ cloud }) =>
    cloud.rows.filter(({ status }) => holdsLock(status)).length <= 1,
  "at most one assignment's movements count, unless the database was restored": ({ cloud }) =>
    cloud.generation > 0 ||
    new Set(cloud.ledger.filter(({ isFenced }) => !isFenced).map(({ contractId }) => contractId)).size <= 1,
};

/** Every history within the bounds, breadth first; ends at the first that breaks an invariant. */
export function explore(bounds: Bounds, guards: Guards, assumptions: Assumptions): Exploration {
  const initial = initialWorld(bounds);
  const seen = new Map<string, { readonly before: string; readonly what: string } | undefined>([
    [keyOf(initial), undefined],
  ]);
  let frontier: { readonly world: World; readonly key: string }[] = [{ world: initial, key: keyOf(initial) }];
  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { world, key: before } of frontier) {
      for (const { what, world: reached } of movesOf(world, bounds, guards, assumptions)) {
        const key = keyOf(reached);
        if (seen.has(key)) continue;
        seen.set(key, { before, what });
        const invariant = Object.keys(INVARIANTS).find((name) => !INVARIANTS[name]!(reached, assumptions));
        if (invariant !== undefined) return { states: seen.size, broken: { invariant, history: historyOf(key, seen) } };
        next.push({ world: reached, key });
      }
    }
    frontier = next;
  }
  return { states: seen.size };
}

function initialWorld({ faults }: Bounds): World {
  return {
    seconds: 0,
    cloud: {
      rows: [],
      epoch: 0,
      mode: { a: "live", b: "live" },
      heard: { a: { session: 1, target: 0, generation: 0 }, b: { session: 1, target: 0, generation: 0 } },
      folded: { a: 0, b: 0 },
      revokes: [],
      ledger: [],
      generation: 0,
      quietUntil: 0,
      accounted: [],
    },
    devices: { a: { ...INITIAL_DEVICE, journal: [] }, b: { ...INITIAL_DEVICE, journal: [] } },
    messages: [],
    pushes: 0,
    faultsLeft: faults,
    isForced: false,
  };
}

function movesOf(world: World, bounds: Bounds, guards: Guards, assumptions: Assumptions): Move[] {
  const later = expireLeases({ ...world, seconds: world.seconds + TICK_SECONDS }, assumptions);
  const fenced = (reached: World): World => (guards.epoch ? reached : withoutFences(reached));
  return [
    ...(later.seconds <= bounds.seconds ? [{ what: `it is ${later.seconds} s`, world: later }] : []),
    ...deviceMoves(world, bounds, assumptions),
    ...cloudMoves(world, guards, bounds.restores),
    ...deliveries(world, guards, assumptions),
  ].map((move) => ({ ...move, world: withoutInert(fenced(move.world)) }));
}

/** Without what would change nothing whenever it arrived: sessions never come back, and ends are final. */
function withoutInert(world: World): World {
  const messages = world.messages.filter((message) => !isInert(world, message));
  return messages.length === world.messages.length ? world : { ...world, messages };
}

function isInert({ cloud, devices }: World, message: WireMessage): boolean {
  const hasEnded = (contractId: string): boolean =>
    cloud.rows.some((row) => row.contractId === contractId && isFinal(row.status));
  switch (message.kind) {
    case "stored":
    case "revoke-done":
      return hasEnded(message.contractId);
    case "beat":
      return devices[message.from].session !== message.session;
    case "ack":
      return devices[message.to].session !== message.session;
    case "revoke": {
      const known = stateOf(message.to, devices[message.to].journal).contracts[message.contractId];
      return known !== undefined && isFinal(known.status) && hasEnded(message.contractId);
    }
    case "contract": {
      const { contractId, deviceId } = message.row;
      const isKnown = stateOf(deviceId, devices[deviceId].journal).contracts[contractId] !== undefined;
      return isKnown || devices[deviceId].revoked.includes(contractId);
    }
  }
}

/** Any message that is on its way may be the next to arrive; one that never is, is lost. */
function deliveries(world: World, guards: Guards, assumptions: Assumptions): Move[] {
  return world.messages.flatMap((message, at) => {
    const without = { ...world, messages: world.messages.filter((_other, index) => index !== at) };
    const isUp = message.kind === "stored" || message.kind === "revoke-done" || message.kind === "beat";
    const reached = isUp ? deliverToCloud(without, message) : deliverToDevice(without, message, guards, assumptions);
    return reached ? [{ what: `${message.kind} arrives`, world: reached }] : [];
  });
}

function withoutFences(world: World): World {
  const ledger = world.cloud.ledger.map((movement) => ({ ...movement, isFenced: false }));
  return { ...world, cloud: { ...world.cloud, ledger } };
}

/** Worlds that differ only in the order of what is on its way are the same. */
function keyOf({ seconds, cloud, devices, messages, pushes, faultsLeft, backup, isForced }: World): string {
  const parts = [cloud, devices.a, devices.b, ...(backup ? [backup] : [])].map(textOf);
  return sha256Hex(
    [seconds, pushes, faultsLeft, isForced, ...parts, ...messages.map(textOf).toSorted()].join("\n"),
  ).slice(0, 24);
}

/** Most parts of a world are those of the world before. */
function textOf(part: object): string {
  const known = texts.get(part) ?? JSON.stringify(part);
  texts.set(part, known);
  return known;
}
const texts = new WeakMap<object, string>();

function historyOf(
  key: string,
  seen: ReadonlyMap<string, { readonly before: string; readonly what: string } | undefined>,
): string[] {
  const history: string[] = [];
  for (let step = seen.get(key); step; step = seen.get(step.before)) history.unshift(step.what);
  return history;
}
