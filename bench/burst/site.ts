import { readFileSync } from "node:fs";
import { assert } from "#lib/errors";
import { startCloudProcess, type CloudProcess } from "../../test/integration/cloud-process.ts";
import { sharedBroker } from "../../test/services/fleet/shared-broker.ts";
import { startPostgres } from "../../test/services/postgres-process.ts";
import { startMosquitto, type Mosquitto } from "../../test/services/mosquitto-process.ts";

/** Mosquitto and one cloud process for a bench, with readings of both. */
export interface BurstSite extends AsyncDisposable {
  readonly broker: Mosquitto;
  readonly cloud: CloudProcess;
  /** The cloud's database, where it is not the file in its folder. */
  readonly databaseUrl: string | undefined;
  /** Sum of a metric's series whose labels contain this text. */
  metric(name: string, labels?: string): Promise<number>;
  /** Highest resident memory of the cloud process since it began, MB. */
  peakMemoryMb(): number;
  /** Processor time of the cloud process so far. */
  cpuSeconds(): number;
}

/** Starts both, and a PostgreSQL where that is the database. */
export async function startBurstSite(database: "sqlite" | "postgres"): Promise<BurstSite> {
  await using stack = new AsyncDisposableStack();
  const postgres = database === "postgres" ? stack.use(await startPostgres()) : undefined;
  // One program asks for the whole fleet here; the limit of requests is not what is measured.
  const access = { rateLimit: { perSecond: 100_000, burst: 100_000 } };
  const settings = { access, ...(postgres && { database: postgres.url }) };
  const broker = stack.use(await startMosquitto(sharedBroker));
  const cloud = stack.use(
    await startCloudProcess({ broker: `mqtt://127.0.0.1:${broker.port}`, logLevel: "error", ...settings }),
  );
  const running = stack.move();
  return {
    broker,
    cloud,
    databaseUrl: postgres?.url,
    metric: (name, labels) => readMetric(cloud.url, name, labels),
    peakMemoryMb: () => peakMemoryMb(cloud.pid),
    cpuSeconds: () => cpuSeconds(cloud.pid),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function readMetric(url: string, name: string, labels = ""): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const series = text.split("\n").filter((line) => /^[^#]/.test(line) && line.split(/[{ ]/, 1)[0] === name);
  return series.filter((line) => line.includes(labels)).reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

function peakMemoryMb(pid: number | undefined): number {
  assert(pid !== undefined, "the cloud runs");
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1000;
}

/** Fields 14 and 15 of proc(5) `stat`, in ticks of 10 ms. */
function cpuSeconds(pid: number | undefined): number {
  const afterName = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(afterName[11]) + Number(afterName[12])) / 100;
}
