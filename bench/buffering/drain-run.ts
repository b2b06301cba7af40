import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DeviceStore } from "#agent/io/sqlite-store";
import { Drain } from "#agent/telemetry/drain";
import { startEmbeddedBroker } from "#cloud/io/embedded-broker";
import { openSqliteArchive } from "#cloud/io/sqlite-archive";
import { archivedBlock, readBlock } from "#cloud/thing-io/block-reading";
import { Telemetry } from "#contract/messages";
import { silentLog } from "#lib/log";
import { createMqttTransport } from "#lib/node/mqtt-transport";
import { createSystemClock } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";
import type { Connection } from "#lib/transport";
import { startShapedProxy, type Shape } from "./shaped-proxy.ts";

/** How a drain went. */
export interface DrainRun {
  /** Milliseconds until everything was archived and acknowledged, or until it was stopped. */
  readonly ms: number;
  /** Messages and bytes that were sent. */
  readonly messages: number;
  readonly bytes: number;
}

export interface DrainOptions {
  /** The way between device and broker; none is loopback. */
  readonly shape?: Shape;
  /** What goes on beside it over the same connection; the drain is stopped when it ends. */
  readonly beside?: (device: Connection) => Promise<void>;
}

const TOPIC = "hf/v1/default/bench/telemetry";
const NOTHING = { onMessage: () => undefined, onClose: () => undefined };

/** Drains a device's store over MQTT through the embedded broker into an archive, which acknowledges what it has committed. */
export async function runDrain(store: DeviceStore, { shape, beside }: DrainOptions = {}): Promise<DrainRun> {
  await using parts = new AsyncDisposableStack();
  const broker = parts.use(await startEmbeddedBroker({ host: "127.0.0.1", port: 0, log: silentLog }));
  const path = join(tmpdir(), `holdfast-bench-archive-${process.pid}.db`);
  parts.defer(() => {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
  });
  const archive = parts.use(openSqliteArchive({ path }));
  const port = shape ? parts.use(await startShapedProxy(broker.port, shape)).port : broker.port;
  const device = await connect(port, { clientId: "bench", username: "bench" });
  const { lanes, store: name } = await store.telemetry!.fill();
  const done = Promise.withResolvers<void>();
  const sender = new Drain({
    store: store.telemetry!,
    clock: createSystemClock(),
    rng: createRng("bench"),
    log: silentLog,
    deviceId: "bench",
    publish: (payload) => device.publish({ topic: TOPIC, payload, qos: 1, retain: false }),
    isJournalWaiting: () => false,
    limits: { startJitterMs: 0 },
  });
  const arrived: Telemetry[] = [];
  async function archiveAll(): Promise<void> {
    const group = arrived.splice(0);
    await archive.put(group.flatMap((message) => archivedBlock(message, readBlock(message)) ?? []));
    const blockSeq = group.at(-1)!.blockSeq;
    await sender.acked({ accepts: ["columns/1"], telemetry: [{ lane: "backfill", store: name, blockSeq }] });
    if (blockSeq >= lanes[0]!.lastSeq) done.resolve();
  }
  const onMessage = ({ payload }: { readonly payload: string }): void => {
    if (arrived.push(Telemetry.parse(JSON.parse(payload))) === 1) setImmediate(() => void archiveAll());
  };
  const cloud = await connect(broker.port, { clientId: "cloud-bench" }, onMessage);
  await cloud.subscribe([TOPIC]);
  const startedMs = performance.now();
  await sender.acked({ accepts: ["columns/1"] });
  await (beside ? beside(device) : done.promise);
  const { sentBlocks: messages, sentBytes: bytes } = sender.progress();
  const ms = performance.now() - startedMs;
  sender.end();
  await device.close();
  await cloud.close();
  return { ms, messages, bytes };
}

async function connect(
  port: number,
  identity: { readonly clientId: string; readonly username?: string },
  onMessage: (message: { readonly payload: string }) => void = NOTHING.onMessage,
): Promise<Connection> {
  const transport = createMqttTransport({ url: `mqtt://127.0.0.1:${port}` }, { log: silentLog });
  return transport.connect({ ...identity, keepAliveSeconds: 60 }, { ...NOTHING, onMessage });
}
