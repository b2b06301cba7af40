import { readFileSync } from "node:fs";
import { assert } from "#lib/errors";
import { startCloudProcess, type CloudProcess } from "../../test/integration/cloud-process.ts";
import { startMosquitto, type Mosquitto } from "../../test/services/mosquitto-process.ts";

/** Mosquitto and one cloud process for a bench, with readings of both. */
export interface BurstSite extends AsyncDisposable {
  readonly broker: Mosquitto;
  readonly cloud: CloudProcess;
  /** Sum of a metric's series whose labels contain this text. */
  metric(name: string, labels?: string): Promise<number>;
  /** Highest resident memory of the cloud process since it began, MB. */
  peakMemoryMb(): number;
  /** Processor time of the cloud process so far. */
  cpuSeconds(): number;
}

/** Mosquitto as `deploy/mosquitto` has it, but for TLS; queues are long, because all of a fleet talks to one subscriber. */
function brokerSettings({ port }: { readonly port: number }): string {
  return [
    `listener ${port} 127.0.0.1`,
    "allow_anonymous true",
    "set_tcp_nodelay true",
    "persistence false",
    "connection_messages false",
    "max_inflight_messages 1000",
    "max_queued_messages 200000",
  ].join("\n");
}

/** Starts both; `settings` are those of the cloud's configuration. */
export async function startBurstSite(settings: Readonly<Record<string, unknown>> = {}): Promise<BurstSite> {
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await startMosquitto(brokerSettings));
  const cloud = stack.use(
    await startCloudProcess({ broker: `mqtt://127.0.0.1:${broker.port}`, logLevel: "error", ...settings }),
  );
  const running = stack.move();
  return {
    broker,
    cloud,
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
