import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import Database from "better-sqlite3";
import pg from "pg";
import { assert } from "#lib/errors";
import { quantile } from "#lib/quantile";
import { draftFor } from "../../test/integration/draft.ts";
import { RigDevice } from "../../test/services/fleet/rig-device.ts";
import { startBurstSite, type BurstSite } from "./site.ts";

/** How a fleet came back. Times in seconds. */
export interface BurstResult {
  readonly devices: number;
  readonly database: string;
  readonly pushesPerSecond: number;
  readonly pushP99Ms: number;
  /** From the first connection until every event is acknowledged, and until every device is reconciled and live. */
  readonly acknowledgedSeconds: number;
  readonly reconciledSeconds: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reconciliations: number;
  readonly replans: number;
  readonly resends: number;
  readonly peakMemoryMb: number;
  readonly httpP99Ms: number;
  /** Processor time that the cloud took meanwhile: what is left of a figure when other work shares the machine. */
  readonly cloudCpuSeconds: number;
}

export interface BurstOptions {
  readonly devices: number;
  readonly database: "sqlite" | "postgres";
  /** Within this long all of them connect again. */
  readonly withinSeconds: number;
  readonly say: (line: string) => void;
}

const BATCHES = 10;
const EVENTS_A_BATCH = 4;
const PUSHES_AT_ONCE = 40;
/** One device in twenty is found far from where it was projected. */
const ASTRAY_EVERY = 20;
const GIVE_UP_SECONDS = 300;

/** Gives every device a contract, cuts all of them off, lets them come back with 30 minutes of journal, and counts. */
export async function runBurst({ devices: count, database, withinSeconds, say }: BurstOptions): Promise<BurstResult> {
  await using site = await startBurstSite(database);
  const fleet = Array.from({ length: count }, (_, at) => new RigDevice(`d-${at}`, site.broker.port));
  try {
    await arrive(site, fleet);
    say(`${count} devices are live`);
    const pushes = await pushToAll(site, fleet);
    await begin(site, fleet);
    say(`${count} contracts are under way; ${pushes.perSecond.toFixed(0)} pushed a second`);
    for (const device of fleet) device.cut();
    await untilMetric(site, "holdfast_devices", 'mode="projected"', count);
    fleet.forEach((device, at) => device.write(halfAnHour(device, at)));
    say("all are cut off and have written half an hour of journal");
    const before = await counters(site);
    const times = await comeBack(site, fleet, withinSeconds);
    const after = await counters(site);
    const peakMemoryMb = site.peakMemoryMb();
    for (const device of fleet) device.end();
    const kept = await countKept(site, fleet);
    return {
      devices: count,
      database,
      pushesPerSecond: pushes.perSecond,
      pushP99Ms: pushes.p99Ms,
      ...times,
      ...kept,
      reconciliations: after.reconciliations - before.reconciliations,
      replans: after.replans - before.replans,
      resends: fleet.reduce((sum, device) => sum + device.resends, 0),
      peakMemoryMb,
    };
  } finally {
    for (const device of fleet) device.cut();
  }
}

async function arrive(site: BurstSite, fleet: readonly RigDevice[]): Promise<void> {
  for (const [at, device] of fleet.entries()) {
    device.connect();
    if (at % 50 === 49) await delay(20);
  }
  await untilMetric(site, "holdfast_devices", 'mode="live"', fleet.length);
}

async function pushToAll(site: BurstSite, fleet: readonly RigDevice[]): Promise<{ perSecond: number; p99Ms: number }> {
  const took: number[] = [];
  const waiting = [...fleet];
  const began = performance.now();
  const push = async (): Promise<void> => {
    for (let device = waiting.pop(); device; device = waiting.pop()) {
      const asked = performance.now();
      const response = await fetch(`${site.cloud.url}/contracts`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(draftFor(device.deviceId)),
      });
      const body = await response.text();
      assert(response.status === 201, `${device.deviceId} is given a contract: ${response.status} ${body}`);
      took.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: PUSHES_AT_ONCE }, push));
  return { perSecond: (fleet.length * 1000) / (performance.now() - began), p99Ms: quantile(took, 0.99) };
}

async function begin(site: BurstSite, fleet: readonly RigDevice[]): Promise<void> {
  for (const device of fleet) {
    const about = device.about();
    const estimate = {
      pose: [0, 0, 0],
      battery: 0.9,
      route: [
        [0, 0],
        [60, 0],
      ],
      speed: 0.03,
      stageSecondsRemaining: 1800,
    };
    device.write([
      [
        { type: "contract.started", ...about, data: {} },
        { type: "stage.started", ...about, stageId: "go", data: { action: "navigate", pose: [0, 0, 0], battery: 0.9 } },
        { type: "estimate", ...about, data: { stageId: "go", ...estimate } },
      ],
    ]);
  }
  await Promise.all(fleet.map((device) => device.acknowledged()));
  await untilMetric(site, "holdfast_journal_lag_events", "", 0);
}

/** Ten batches of about a kilobyte. */
function halfAnHour(device: RigDevice, at: number): Parameters<RigDevice["write"]>[0] {
  const about = { ...device.about(), stageId: "go" };
  const y = at % ASTRAY_EVERY === 0 ? 25 : 0;
  return Array.from({ length: BATCHES }, (_, batch) =>
    Array.from({ length: EVENTS_A_BATCH }, (_, step) => {
      // As far as a robot comes in the seconds that an outage takes here: those that are not astray are where they should be.
      const share = (batch * EVENTS_A_BATCH + step) / 4000;
      const pose = [Math.round(share * 6000) / 100, y, 0];
      return { type: "stage.progress", ...about, data: { share, pose, sigmaXy: 0.05, battery: 0.9 - share / 10 } };
    }),
  );
}

async function comeBack(
  site: BurstSite,
  fleet: readonly RigDevice[],
  withinSeconds: number,
): Promise<Pick<BurstResult, "acknowledgedSeconds" | "reconciledSeconds" | "httpP99Ms" | "cloudCpuSeconds">> {
  const asking = new AbortController();
  const asked = askMeanwhile(site, fleet, asking.signal);
  const cpuBefore = site.cpuSeconds();
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  for (const [at, device] of fleet.entries()) {
    const dueMs = (at / fleet.length) * withinSeconds * 1000;
    const leftMs = dueMs - (performance.now() - began);
    if (leftMs > 1) await delay(leftMs);
    device.connect();
  }
  await Promise.all(fleet.map((device) => device.acknowledged()));
  const acknowledgedSeconds = seconds();
  await untilMetric(site, "holdfast_devices", 'mode="live"', fleet.length);
  const reconciledSeconds = seconds();
  const cloudCpuSeconds = site.cpuSeconds() - cpuBefore;
  asking.abort();
  return { cloudCpuSeconds, acknowledgedSeconds, reconciledSeconds, httpP99Ms: quantile(await asked, 0.99) };
}

/** What somebody waits who looks at devices during all this, milliseconds. */
async function askMeanwhile(site: BurstSite, fleet: readonly RigDevice[], ended: AbortSignal): Promise<number[]> {
  const took: number[] = [];
  for (let at = 0; !ended.aborted; at = (at + 97) % fleet.length) {
    const asked = performance.now();
    await (await fetch(`${site.cloud.url}/devices/${fleet[at]!.deviceId}`)).text();
    took.push(performance.now() - asked);
    await delay(20);
  }
  return took;
}

async function untilMetric(site: BurstSite, name: string, labels: string, value: number): Promise<void> {
  for (const endMs = performance.now() + GIVE_UP_SECONDS * 1000; performance.now() < endMs; await delay(100)) {
    if ((await site.metric(name, labels)) === value) return;
  }
  assert(false, `${name}{${labels}} becomes ${value}, but is ${await site.metric(name, labels)}`);
}

async function counters(site: BurstSite): Promise<{ reconciliations: number; replans: number }> {
  return {
    reconciliations: await site.metric("holdfast_log_entries_total", '"reconciliation"'),
    replans: await site.metric("holdfast_log_entries_total", '"replan.triggered"'),
  };
}

/** Counts in the database itself, after the cloud has ended. */
async function countKept(
  site: BurstSite,
  fleet: readonly RigDevice[],
): Promise<Pick<BurstResult, "lost" | "duplicated">> {
  const written = fleet.reduce((sum, device) => sum + device.lastSeq, 0);
  await site.cloud.stop();
  const { kept, distinct } = await countEvents(site);
  return { lost: written - distinct, duplicated: kept - distinct };
}

const COUNT = 'SELECT count(*) AS kept, count(DISTINCT event_id) AS "distinct" FROM event';

async function countEvents({ cloud, databaseUrl }: BurstSite): Promise<{ kept: number; distinct: number }> {
  if (databaseUrl === undefined) {
    const database = new Database(join(cloud.folder, "data", "cloud.db"), { readonly: true });
    const counted = database.prepare<[], { kept: number; distinct: number }>(COUNT).get()!;
    database.close();
    return counted;
  }
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ kept: string; distinct: string }>(COUNT);
  await client.end();
  return { kept: Number(rows[0]!.kept), distinct: Number(rows[0]!.distinct) };
}
