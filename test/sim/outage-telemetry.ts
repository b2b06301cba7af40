import type { MotionReport } from "#agent/control/control";
import type { RobotView } from "#agent/core/situation";
import { openSqliteStore } from "#agent/io/sqlite-store";
import { startJournal } from "#agent/journal/journal";
import { createInbox } from "#agent/link/inbox";
import { createIntake } from "#agent/link/intake";
import { createLeases } from "#agent/link/leases";
import { startLink } from "#agent/link/link";
import { DEFAULT_TELEMETRY } from "#agent/telemetry/channels";
import { startTelemetry, type TelemetryStatus } from "#agent/telemetry/telemetry";
import { ExecutionConfig } from "#cloud/config";
import { startExecution } from "#cloud/execution";
import { openSqliteArchive } from "#cloud/io/sqlite-archive";
import { openSqliteStore as openCloudStore } from "#cloud/io/sqlite-store";
import type { Event } from "#contract/event";
import { createNodeSigner, createNodeVerifier, generateKey, sha256Hex } from "#contract/io/node-crypto";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { createUuidSource } from "#lib/uuid";
import { VirtualClock } from "#lib/virtual-clock";
import { createNetwork } from "#sim/network/network";

/** A sample of the truth: what the recorder was shown. */
export interface Shown {
  readonly atMs: number;
  readonly value: number;
}

/** What an outage left on both sides. */
export interface OutageResult {
  readonly events: { readonly device: readonly Event[]; readonly cloud: readonly Event[] };
  /** Linear speed, by the wall clock. */
  readonly truth: readonly Shown[];
  /** The same channel as the cloud has archived it. */
  readonly archived: readonly { readonly atMs: number; readonly values: Readonly<Record<string, number | null>> }[];
  readonly thinned: readonly Event[];
  /** Before the link was back, and at the end. */
  readonly fillBefore: TelemetryStatus;
  readonly fillAfter: TelemetryStatus;
  readonly fileBytesMax: number;
  readonly secondsToDrain: number;
}

const DEVICE = "amr-07";
const HOUR_S = 3600;
const STEP_MS = 10_000;
const EVENT_EVERY_MS = 30_000;
const DRAIN_S_MAX = 4 * HOUR_S;

/**
 * A device records all channels and writes its journal through an outage, in virtual time, with everything real but the robot:
 * recorder, store, journal, link, a simulated network, the cloud and its archive. `telemetryBytes` is the lane's budget.
 */
export async function liveThroughOutage(options: {
  readonly hours: number;
  readonly telemetryBytes: number;
  readonly seed: number;
}): Promise<OutageResult> {
  const clock = new VirtualClock();
  const rng = createRng(options.seed);
  const network = createNetwork({ clock, rng: rng.fork("network"), log: silentLog });
  await using parts = new AsyncDisposableStack();
  const { privateJwk, publicJwk } = generateKey();
  const verifier = createNodeVerifier({ keys: [publicJwk] });
  const archive = parts.use(openSqliteArchive({ path: ":memory:" }));
  const cloudStore = parts.use(openCloudStore({ path: ":memory:", newCloudId: "cloud-1" }));
  const crypto = { signer: createNodeSigner(privateJwk), sha256: sha256Hex };
  const cloud = { clock, rng: rng.fork("cloud"), log: silentLog, store: cloudStore, archive, crypto };
  const execution = await startExecution(ExecutionConfig.parse({}), {
    ...cloud,
    transport: network.transport("cloud"),
  });

  const budgets = { backfill: options.telemetryBytes, logs: 100_000 };
  const telemetryOptions = { newStore: "store-1", budgets, retainMs: 0 };
  const store = openSqliteStore({ path: ":memory:", telemetry: telemetryOptions });
  const uuid = createUuidSource(clock, rng.fork("uuid"));
  const journal = await startJournal({ store, clock, uuid, sha256: sha256Hex, log: silentLog, software: "outage" });
  const device: Event[] = [];
  journal.onAppended((events) => device.push(...events));
  const leases = createLeases({ journal, clock, log: silentLog });
  const nothing = { anticipate: () => undefined, decide: () => ({ ok: false, reason: "starting" }) as const };
  const abilities = () => ({ actions: [], tools: [], battery: 1 });
  const inboxDeps = { journal, leases, store, verifier, sha256: sha256Hex, clock, log: silentLog, deviceId: DEVICE };
  const intake = createIntake({ journal, clock, log: silentLog });
  const profile = { kind: "amr-sim", actions: [], software: "outage" };
  const link = startLink({
    journal,
    leases,
    clock,
    uuid,
    sha256: sha256Hex,
    log: silentLog,
    inbox: createInbox({ ...inboxDeps, abilities, handler: nothing, intake }),
    intake,
    transport: network.transport(DEVICE),
    rng: rng.fork("link"),
    device: { site: "default", deviceId: DEVICE, gate: "own", profile },
    live: () => undefined,
    telemetry: { store: store.telemetry!, limits: { startJitterMs: 10_000 } },
  });
  const robot = new Robot(clock);
  const telemetry = startTelemetry({
    clock,
    log: silentLog,
    store: store.telemetry!,
    journal,
    profile: DEFAULT_TELEMETRY,
    sources: { report: () => robot.report(), robot: () => robot.view(link.isOnline()), journal: () => journal.range() },
    takeLines: () => [],
    drainProgress: () => link.drainProgress(),
  });

  let fileBytesMax = 0;
  const live = async (seconds: number): Promise<void> => {
    for (const endMs = clock.nowMs() + seconds * 1000; clock.nowMs() < endMs;) {
      await clock.advance(STEP_MS, settled);
      fileBytesMax = Math.max(fileBytesMax, telemetry.status().fill?.fileBytes ?? 0);
      if (clock.nowMs() % EVENT_EVERY_MS !== 0) continue;
      const text = `at ${clock.nowMs()}`;
      await journal.append([{ type: "exception", data: { code: "test", severity: "LOW", detail: text } }]);
    }
  };
  await live(300);
  network.partition(DEVICE);
  await live(options.hours * HOUR_S);
  const fillBefore = telemetry.status();
  network.heal(DEVICE);
  const healedMs = clock.nowMs();
  const isDrained = (): boolean => {
    const lanes = telemetry.status().fill?.lanes ?? [];
    const view = execution.getDevice(DEVICE);
    const committed = view.ok ? view.value.journal.committedSeq : 0;
    return committed >= journal.range().lastSeq - 2 && lanes.every(({ waiting }) => waiting <= 2);
  };
  while (!isDrained() && clock.nowMs() - healedMs < DRAIN_S_MAX * 1000) await live(10);
  const secondsToDrain = (clock.nowMs() - healedMs) / 1000;
  await live(60);
  const cloudEvents = (await cloudStore.deviceEvents(DEVICE)).map(({ event }) => event);
  const result: OutageResult = {
    events: { device, cloud: cloudEvents },
    truth: robot.shown,
    archived: await archivedSpeeds(execution),
    thinned: device.filter(({ type }) => type === "telemetry.thinned"),
    fillBefore,
    fillAfter: telemetry.status(),
    fileBytesMax,
    secondsToDrain,
  };
  const ended = endAll([telemetry, link, journal, execution, store]);
  await clock.advance(10_000, settled);
  await ended;
  return result;
}

async function archivedSpeeds(
  execution: Awaited<ReturnType<typeof startExecution>>,
): Promise<OutageResult["archived"]> {
  const samples: { atMs: number; values: Record<string, number | null> }[] = [];
  let fromAt: string | undefined = "2026-01-01T00:00:00.000Z";
  while (fromAt !== undefined) {
    const page = await execution.telemetryHistory(DEVICE, "speed", {
      fromAt,
      toAt: "2026-02-01T00:00:00.000Z",
      limit: 10_000,
    });
    if (!page.ok) break;
    for (const { at, values } of page.value.items) {
      const atMs = Date.parse(at);
      if (samples.length === 0 || atMs > samples.at(-1)!.atMs)
        samples.push({ atMs, values: values as Record<string, number | null> });
    }
    fromAt = page.value.next;
  }
  return samples;
}

async function endAll(parts: readonly AsyncDisposable[]): Promise<void> {
  for (const part of parts) await part[Symbol.asyncDispose]();
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A robot that drives to and fro all day: accelerates, cruises, slows down for people, stands. */
class Robot {
  readonly shown: Shown[] = [];
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  report(): MotionReport {
    const nowMs = this.#clock.nowMs();
    const linear = speedAt(nowMs);
    const last = this.shown.at(-1);
    const atMs = Math.round(this.#clock.wallMs());
    // Other channels look more often than the one that is compared.
    const isCompared = nowMs % DEFAULT_TELEMETRY.channels.speed!.everyMs === 0;
    if (isCompared && (!last || last.atMs < atMs)) this.shown.push({ atMs, value: Math.round(linear * 1000) / 1000 });
    return {
      atMs: nowMs,
      pose: { x: 20 * Math.sin(nowMs / 60_000), y: 10 * Math.cos(nowMs / 60_000), yaw: wrapped(nowMs / 60_000) },
      sigmaXy: 0.03,
      isLocalised: true,
      velocity: { linear, angular: 0.2 * Math.sin(nowMs / 9000) },
      drive: { state: "idle" },
      gate: { action: "pass" },
      scan: { nearest: 1 + Math.abs(Math.sin(nowMs / 4000)), validShare: 0.998 },
      driven: nowMs / 1000,
      route: [],
      zones: [],
      counters: { ticks: nowMs / 50, gateStops: Math.floor(nowMs / 600_000), latenessMsMax: 3, latenessMsP99: 1 },
    };
  }

  view(isOnline: boolean): RobotView {
    const battery = 1 - ((this.#clock.nowMs() / 3_600_000) % 8) / 10;
    const board = { loadPerCore: 0.4, memoryAvailableBytes: 2e9, diskFreeBytes: 8e9, temperatureCelsius: 55 };
    const tools = { base: "ok", battery: "ok", load: "ok", scanner: "ok" } as const;
    return {
      battery,
      sigmaXy: 0.03,
      speed: 0,
      driven: 0,
      zones: [],
      route: [],
      isLoaded: false,
      isOnline,
      tools,
      board,
    };
  }
}

/** Drives of some minutes and pauses between, with slower stretches in each. */
function speedAt(nowMs: number): number {
  const inCycleS = (nowMs / 1000) % 420;
  if (inCycleS > 300) return 0;
  const cruise = 1.2 - 0.5 * Math.max(0, Math.sin(inCycleS / 25)) ** 4;
  const ramp = Math.min(1, inCycleS / 2, (300 - inCycleS) / 2);
  return ramp * (cruise + 0.03 * Math.sin(nowMs / 170));
}

function wrapped(angle: number): number {
  return Math.atan2(Math.sin(angle), Math.cos(angle));
}
