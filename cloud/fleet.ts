import { type Actor, createActor } from "xstate";
import type { OnlinePresence } from "#contract/messages";
import { activeContract, emptyDevice, foldEvent } from "#contract/reducer";
import type { ContractState, DeviceState } from "#contract/state";
import { holdsLock } from "#contract/status";
import { type Cancel, asXStateClock, type Clock } from "#lib/clock";
import type { ProjectionBasis } from "./core/basis.ts";
import { deviceMachine, isCaughtUp, type DeviceMode } from "./core/device-machine.ts";
import { emptyIntake, type IntakeState } from "./core/intake.ts";
import type { Point } from "#lib/geometry";
import type { SiteWays } from "./core/planning/site-ways.ts";
import type { Estimator } from "./core/estimator.ts";
import { expectedStages } from "./core/stage-work.ts";
import type { Track } from "./core/track.ts";
import type { CommandRow, ContractRow, DeviceRow } from "./io/store-rows.ts";
import type { CloudStore, StoredFleet } from "./io/store.ts";
import { present } from "./present.ts";
import { createTurns, type Turns } from "#lib/turns";

/** A device in memory: what is committed about it, and what is only known while it is heard. Changed in its `turns` only. */
export interface Device {
  readonly deviceId: string;
  readonly turns: Turns;
  readonly machine: Actor<typeof deviceMachine>;
  readonly experience: FleetExperience;
  intake: IntakeState;
  state: DeviceState;
  track: Track;
  /** The newest of the current session, or the retained one until it is heard. */
  presence?: OnlinePresence;
  /** A session that was taken for ended and is heard, how often since the current one was, and its newest beat. */
  insisting?: { readonly session: string; readonly beat: number; readonly times: number };
  lastHeardAt?: string;
  lastHeardMs?: number;
  /** When it was last heard before it was given up for lost, milliseconds of the wall clock. */
  lostAtMs?: number;
  /** The contract pushed last, in its present status. */
  contract?: ContractRow;
  /** Commands that wait for their answer, by ascending `n`, and when each was sent. */
  commands: readonly (CommandRow & { readonly sentMs?: number })[];
  /** Answered lately. */
  answered: readonly CommandRow[];
  /** What was believed before the tail of the journal arrived, and since when it is kept: until the report is committed. */
  before?: { readonly basis: ProjectionBasis; readonly keptMs: number };
  /** When the lease was last counted anew, on the cloud's clock. */
  leaseCountedMs?: number;
  /** What the contract under way has come to, and since when it has stayed there, on the cloud's clock. */
  watched?: { readonly mark: string; readonly sinceMs: number };
  /** The contract under way that the device does not know any more; its disk may still come back. */
  forgetting?: string;
  /** Contracts that were ended because the device has no memory of them. */
  readonly forgotten: Set<string>;
  readonly watchers: Set<() => void>;
}

/** What is known of work like that of a device, and of the ways between places, where it has not said so itself. */
export interface FleetExperience {
  readonly estimator: Pick<Estimator, "forecast">;
  readonly ways: SiteWays;
}

/** All devices that were ever heard, or that the configuration names. */
export interface Fleet {
  all(): readonly Device[];
  get(deviceId: string): Device | undefined;
  /** The device, made if it was not known. */
  ensure(deviceId: string): Device;
}

/** Reads every device back from its events; none of them counts as heard. */
export async function loadFleet(
  store: CloudStore,
  clock: Clock,
  named: readonly string[],
  experience: FleetExperience,
): Promise<{ readonly fleet: Fleet; readonly stored: StoredFleet }> {
  const stored = await store.load();
  const devices = new Map<string, Device>();
  for (const row of stored.devices) {
    const device = makeDevice(row.deviceId, row, clock, experience);
    await replay(device, row, store);
    devices.set(row.deviceId, device);
  }
  const fleet: Fleet = {
    all: () => [...devices.values()],
    get: (deviceId) => devices.get(deviceId),
    ensure(deviceId) {
      const known = devices.get(deviceId);
      if (known) return known;
      const device = makeDevice(deviceId, undefined, clock, experience);
      devices.set(deviceId, device);
      return device;
    },
  };
  for (const deviceId of named) fleet.ensure(deviceId);
  for (const contract of stored.activeContracts) {
    const device = fleet.ensure(contract.deviceId);
    device.contract = contract;
    // The lease may have been renewed until a moment ago, so it counts from now: later than the device counts.
    device.leaseCountedMs = clock.nowMs();
  }
  for (const command of stored.openCommands) {
    const device = fleet.ensure(command.deviceId);
    device.commands = [...device.commands, command];
  }
  for (const { deviceId, contractId } of stored.forgotten) fleet.ensure(deviceId).forgotten.add(contractId);
  return { fleet, stored };
}

/** How the cloud knows the device now. */
export function modeOf(device: Device): DeviceMode {
  return device.machine.getSnapshot().value;
}

/** The session heard last. */
export function sessionOf(device: Device): string | undefined {
  return device.machine.getSnapshot().context.session;
}

/** Whether the journal is folded up to where it ended when the session began. */
export function hasCaughtUp(device: Device): boolean {
  return isCaughtUp(device.machine.getSnapshot().context);
}

/** The pushed contract that locks the device, or undefined. */
export function lockingContract(device: Device): ContractRow | undefined {
  return device.contract && holdsLock(device.contract.status) ? device.contract : undefined;
}

/** The contract that the device is at by its own journal; it may be one that another cloud has pushed. */
export function contractUnderWay(device: Device): ContractState | undefined {
  const active = activeContract(device.state);
  return active && !device.forgotten.has(active.contractId) ? active : undefined;
}

/** What a projection of the device starts from now. */
export function basisOf(device: Device): ProjectionBasis {
  const state = contractUnderWay(device);
  const contract = state && device.contract?.contractId === state.contractId ? device.contract.contract : undefined;
  const lost = modeOf(device) === "projected" && device.lostAtMs !== undefined ? { lostAtMs: device.lostAtMs } : {};
  // Told now, so that what is believed does not change by what is learned later.
  const { estimator, ways } = device.experience;
  const known = contract && {
    expected: expectedStages(contract, kindOf(device), estimator),
    wayBetween: (from: Point, to: Point) => ways.from(contract.spatial.mapId, from).pathTo(to),
  };
  return { contract, state, track: device.track, ...known, ...lost };
}

/** What experience with a device counts for: all of its kind. */
export function kindOf({ presence }: Device): string {
  return presence?.profile.kind ?? "";
}

/** The device as it is committed with every change of its journal. */
export function rowOf(device: Device): DeviceRow {
  const { deviceId, intake, presence, lastHeardAt, track } = device;
  const { incarnation, seq, hash } = intake;
  return present({ deviceId, incarnation, seq, hash, presence, lastHeardAt, track });
}

/** Tells whoever waits that something about the device has changed. */
export function notify(device: Device): void {
  for (const watcher of device.watchers) watcher();
}

/** What a wait needs: the time, and when the cloud is going down. */
export interface Waiting {
  readonly clock: Clock;
  readonly ended: AbortSignal;
}

/**
 * Resolves with the first defined value of `read`, looked at after every change of the device; with undefined when the
 * time is up or the cloud goes down.
 */
export function until<Value>(
  { clock, ended }: Waiting,
  device: Device,
  timeoutMs: number,
  read: () => Value | undefined,
): Promise<Value | undefined> {
  return new Promise((resolve) => {
    const end = (value: Value | undefined): void => {
      stop();
      ended.removeEventListener("abort", giveUp);
      device.watchers.delete(look);
      resolve(value);
    };
    const giveUp = (): void => end(undefined);
    const look = (): void => {
      const value = read();
      if (value !== undefined || ended.aborted) end(value);
    };
    const stop: Cancel = clock.after(timeoutMs, giveUp);
    ended.addEventListener("abort", giveUp, { once: true });
    device.watchers.add(look);
    look();
  });
}

/** Incarnation of a device that has not told its own yet. */
const UNHEARD = "unheard";

function makeDevice(deviceId: string, row: DeviceRow | undefined, clock: Clock, experience: FleetExperience): Device {
  const { incarnation = UNHEARD, seq = 0, hash, presence, lastHeardAt, track = {} } = row ?? {};
  const input = { folded: { incarnation, seq }, session: presence?.session };
  return {
    deviceId,
    turns: createTurns(),
    experience,
    machine: createActor(deviceMachine, { input, clock: asXStateClock(clock) }).start(),
    intake: row ? { incarnation, seq, ...present({ hash }), parked: [] } : emptyIntake(incarnation),
    state: emptyDevice(incarnation),
    track,
    ...present({ presence, lastHeardAt, lostAtMs: lastHeardAt === undefined ? undefined : Date.parse(lastHeardAt) }),
    commands: [],
    answered: [],
    forgotten: new Set(),
    watchers: new Set(),
  };
}

async function replay(device: Device, row: DeviceRow, store: CloudStore): Promise<void> {
  device.state = { ...(await foldCommitted(store, row.deviceId, row.incarnation)), seq: row.seq };
}

/**
 * The fold of everything committed, as the device knows it in this incarnation. A new one begins with what was folded
 * before; one that comes back goes on from its own end, because its disk knows nothing of those in between.
 */
export async function foldCommitted(store: CloudStore, deviceId: string, incarnation: string): Promise<DeviceState> {
  const seen = new Set<string>();
  const ends = new Map<string, DeviceState>();
  let state = emptyDevice(incarnation);
  for (const row of await store.deviceEvents(deviceId)) {
    state = ends.get(row.incarnation) ?? enterIncarnation(state, row.incarnation);
    state = seen.has(row.event.id) ? { ...state, seq: row.event.seq } : foldEvent(state, row.event);
    ends.set(row.incarnation, state);
    seen.add(row.event.id);
  }
  return ends.get(incarnation) ?? enterIncarnation(state, incarnation);
}

/** Numbers start anew; what the device has done stays done. */
export function enterIncarnation(state: DeviceState, incarnation: string): DeviceState {
  return state.incarnation === incarnation ? state : { ...state, incarnation, seq: 0 };
}
