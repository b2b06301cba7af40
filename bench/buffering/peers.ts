import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { connectAsync, Store, type MqttClient } from "mqtt";
import { startEmbeddedBroker } from "#cloud/io/embedded-broker";
import { silentLog } from "#lib/log";
import { MOSQUITTO, startMosquitto } from "../../test/services/mosquitto-process.ts";
import type { Figure } from "../figure.ts";
import { startShapedProxy } from "./shaped-proxy.ts";
import { writtenBytes } from "./workbench.ts";

const SPAN_MS = 1500;
const DELAY_MS = 25;
const REPLAYED = 100;
const QUEUED = 1000;
const PEER = "peer: ";

/** A sample as people store it who make no blocks: 98 bytes. */
const sampleText = (at: number): string =>
  JSON.stringify({ ts: 1_767_600_000_000 + at, ch: "speed", v: Math.sin(at), q: 0, u: "m/s", seq: at, src: "amr-07" });

/** The same work done in the ways of others, in this run, on this machine. */
export async function peerFigures(): Promise<Figure[]> {
  const figures = [...rowPerSample("FULL"), ...rowPerSample("NORMAL"), ...jsonLines(), await replayByMqttJs()];
  return MOSQUITTO === undefined ? figures : [...figures, await lostByMosquitto()];
}

function rowPerSample(synchronous: "FULL" | "NORMAL"): Figure[] {
  return inFolder((folder) => {
    const database = new Database(join(folder, "peer.db"));
    database.pragma("journal_mode = WAL");
    database.pragma(`synchronous = ${synchronous}`);
    database.exec("CREATE TABLE sample (id INTEGER PRIMARY KEY, body TEXT)");
    const insert = database.prepare("INSERT INTO sample (body) VALUES (?)");
    const measured = repeatFor((at) => insert.run(sampleText(at)));
    database.close();
    const how =
      synchronous === "FULL" ? "durable" : "better-sqlite3's own setting in WAL mode; a power cut takes all of it";
    return [rateFigure(`better-sqlite3, a row per sample, synchronous=${synchronous}`, measured, how)].concat(
      synchronous === "FULL" ? [bytesFigure("better-sqlite3, a row per sample", measured)] : [],
    );
  });
}

function jsonLines(): Figure[] {
  return inFolder((folder) => {
    const file = openSync(join(folder, "peer.jsonl"), "a");
    const measured = repeatFor((at) => {
      writeSync(file, `${sampleText(at)}\n`);
      fsyncSync(file);
    });
    closeSync(file);
    return [rateFigure("JSON lines, fsync each", measured, "durable"), bytesFigure("JSON lines, fsync each", measured)];
  });
}

interface Measured {
  readonly perSecond: number;
  readonly bytesEach: number;
}

function repeatFor(write: (at: number) => void): Measured {
  const [beforeBytes, startedMs] = [writtenBytes(), performance.now()];
  let count = 0;
  while (performance.now() - startedMs < SPAN_MS) write(count++);
  const seconds = (performance.now() - startedMs) / 1000;
  return { perSecond: count / seconds, bytesEach: (writtenBytes() - beforeBytes) / count };
}

function rateFigure(what: string, { perSecond }: Measured, how: string): Figure {
  return { what: `${PEER}${what}`, unit: "samples/s", better: "higher", samples: [perSecond], how };
}

function bytesFigure(what: string, { bytesEach }: Measured): Figure {
  const how = "`write_bytes`";
  return { what: `${PEER}${what}, written`, unit: "B/sample", better: "lower", samples: [bytesEach], how };
}

/** mqtt.js keeps what was not acknowledged in its store, and sends it again one by one when it is connected anew. */
async function replayByMqttJs(): Promise<Figure> {
  await using broker = await startEmbeddedBroker({ host: "127.0.0.1", port: 0, log: silentLog });
  await using proxy = await startShapedProxy(broker.port, { delayMs: DELAY_MS });
  await using deaf = await startDeafBroker();
  const settings = { clientId: "peer", reconnectPeriod: 0, clean: true } as const;
  const stores = { incomingStore: new Store(), outgoingStore: new Store() };
  const client = await connectAsync({ host: "127.0.0.1", port: deaf.port, ...settings, ...stores });
  for (let at = 0; at < REPLAYED; at++) client.publish("hf/v1/default/peer/telemetry", sampleText(at), { qos: 1 });
  await new Promise((resolve) => setTimeout(resolve, 200));
  client.stream.destroy();
  await happened(client, "close");
  client.options.port = proxy.port;
  const startedMs = performance.now();
  client.reconnect(stores);
  // It says that it is connected when it has replayed all.
  await happened(client, "connect");
  const perSecond = (REPLAYED * 1000) / (performance.now() - startedMs);
  await client.endAsync(true);
  return {
    what: `${PEER}mqtt.js, its store sent again, 50 ms round trip`,
    unit: "messages/s",
    better: "higher",
    samples: [perSecond],
    how: `${REPLAYED} messages, one after the other`,
  };
}

function happened(client: MqttClient, event: "close" | "connect"): Promise<void> {
  return new Promise((resolve) => void client.once(event, () => resolve()));
}

/** A broker that lets everybody in and acknowledges nothing. */
async function startDeafBroker(): Promise<{ readonly port: number } & AsyncDisposable> {
  const CONNACK = Buffer.from([0x20, 0x02, 0x00, 0x00]);
  const server = createServer((socket) => {
    socket.once("data", () => socket.write(CONNACK));
    socket.on("error", () => socket.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

/** Messages that Mosquitto has acknowledged for a client that is away, and no longer has after a SIGKILL. */
async function lostByMosquitto(): Promise<Figure> {
  await using broker = await startMosquitto(
    ({ port, folder }) =>
      `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location ${folder}/\nmax_queued_messages 0`,
  );
  const connect = (clientId: string): Promise<MqttClient> =>
    connectAsync({ host: "127.0.0.1", port: broker.port, clientId, clean: false });
  const away = await connect("away");
  await away.subscribeAsync("peer", { qos: 1 });
  await away.endAsync();
  const sender = await connect("sender");
  await Promise.all(Array.from({ length: QUEUED }, (_, at) => sender.publishAsync("peer", `${at}`, { qos: 1 })));
  await sender.endAsync(true);
  await broker.kill();
  await broker.start();
  const back = await connect("away");
  let delivered = 0;
  back.on("message", () => delivered++);
  await back.subscribeAsync("peer", { qos: 1 });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await back.endAsync(true);
  return {
    what: `${PEER}Mosquitto with persistence, acknowledged messages lost by SIGKILL`,
    unit: `of ${QUEUED}`,
    better: "lower",
    samples: [QUEUED - delivered],
    how: "Debian's, `persistence true`, everything else as it comes",
  };
}

function inFolder(measure: (folder: string) => Figure[]): Figure[] {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  try {
    return measure(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
