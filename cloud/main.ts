import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readPrivateKey, writeKeySet, writePrivateKey } from "#contract/io/key-file";
import { createNodeSigner, generateKey, sha256Hex } from "#contract/io/node-crypto";
import { AgentError, messageOf } from "#lib/errors";
import { sleep, type Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import { makeFolder } from "#lib/node/folder";
import { createJsonPoster } from "#lib/node/json-poster";
import { createMqttTransport } from "#lib/node/mqtt-transport";
import { disposeInTime, listenForEnd, type ProgramEnd } from "#lib/node/program-end";
import { createPinoLog } from "#lib/node/pino-log";
import { createSystemClock } from "#lib/node/system-clock";
import { loadYaml } from "#lib/node/yaml-file";
import { createRng } from "#lib/rng";
import type { Transport } from "#lib/transport";
import { composeCloud } from "./compose.ts";
import type { Execution } from "./execution.ts";
import { createMovementCheck, MasterData } from "./core/master-data.ts";
import { CloudConfig, parseAddress } from "./config.ts";
import { startEmbeddedBroker } from "./io/embedded-broker.ts";
import { isLoopback } from "./io/gate.ts";
import type { HttpDeps } from "./io/http.ts";
import { createMetrics } from "./io/metrics.ts";
import { readMapFolder } from "./io/map-folder.ts";
import { openSqliteArchive } from "./io/sqlite-archive.ts";
import { openPostgresStore } from "./io/postgres/store.ts";
import { openSqliteStore } from "./io/sqlite-store.ts";
import { openStandbyDoor } from "./io/standby-door.ts";
import type { CloudStore } from "./io/store.ts";
import { hmacHex, sendWebhook } from "./io/webhook-sender.ts";
import { loadPolicy } from "./io/policy-file.ts";
import { createEquator } from "./core/equator/site-map.ts";
import { readTemplates, SHIPPED_TEMPLATES } from "./io/template-folder.ts";

const CONNECT_WITHIN_MS = 5000;
const LOOK_EVERY_MS = 20;

export interface RunCloudOptions {
  /** The configuration file; without it, everything has its default. */
  readonly config?: string | undefined;
  /** The database is a copy that was put back, or a new one in the place of one that was lost. */
  readonly isRestored?: boolean;
  /** Settings that win over the file's. */
  readonly settings?: Partial<CloudConfig>;
  /** Version of this program. */
  readonly version: string;
  /** Prints a line for people. */
  readonly say: (line: string) => void;
}

/**
 * Runs the cloud until it is told to end (SIGTERM or SIGINT) and resolves with the exit code: 0, or 70 after a bug.
 * Rejects `config.invalid` and `config.port_in_use`, which name what is wrong.
 */
export async function runCloud(options: RunCloudOptions): Promise<number> {
  const config = readConfig(options);
  const clock = createSystemClock(config.clock);
  const log = createPinoLog(clock, { level: config.logLevel });
  const signer = createNodeSigner(openKey(config, options.say));
  const end = listenForEnd(log);
  const parts = new AsyncDisposableStack();
  try {
    makeFolder(config.dataDir, "dataDir is where the database is kept");
    const store = parts.use(await openStore(config, options, { log, end }));
    const archive = parts.use(openSqliteArchive({ path: join(config.dataDir, "telemetry.db") }));
    const { transport, brokerUrl } = await openBroker(config, { log, say: options.say }, parts);
    const metrics = createMetrics(createSystemClock());
    const cloud = await composeCloud(executionConfigOf(config), {
      clock,
      rng: createRng(randomUUID()),
      log,
      store: metrics.store(store),
      archive,
      transport: metrics.transport(transport),
      crypto: { signer, sha256: sha256Hex },
      feeds: {
        list: config.feeds,
        post: (sink) => {
          const poster = parts.use(createJsonPoster(sink));
          return (path, body) => poster.post(path, body);
        },
      },
      thingsboards: {
        list: config.thingsboards,
        transport: ({ url, tls }) => createMqttTransport({ url, ...(tls && { tls }) }, { log }),
      },
      ...(config.masterData !== undefined && {
        checkMovement: createMovementCheck(loadYaml(config.masterData, MasterData)),
      }),
      webhooks: { list: config.webhooks, send: sendWebhook, hmac: hmacHex },
      presets: config.policyPresets.map(loadPolicy),
      equator: createEquator(readMapFolder(config.maps ?? shippedFolder("maps"))),
      templates: readTemplates(config.taskTemplates ?? SHIPPED_TEMPLATES),
      http: { ...parseAddress(config.http), ...httpSettings(config), version: options.version, metrics },
    });
    parts.use(cloud);
    await connected(cloud.execution, clock);
    options.say(
      `holdfast cloud answers at ${cloud.httpUrl} (${doorOf(config)}); devices connect to ${brokerUrl}; data is in ${config.database === undefined ? config.dataDir : withoutPassword(config.database)}`,
    );
    return await end.promise;
  } finally {
    end.forget();
    await disposeInTime(parts, log);
  }
}

/** The file of this process, or the PostgreSQL that it may share: then this waits until it is the one that writes. */
async function openStore(
  config: CloudConfig,
  { isRestored = false, say }: RunCloudOptions,
  { log, end }: { readonly log: Log; readonly end: ProgramEnd },
): Promise<CloudStore> {
  const { database, dataDir } = config;
  const newCloudId = randomUUID();
  if (database === undefined) {
    const path = join(dataDir, "cloud.db");
    return openSqliteStore({ path, newCloudId, gather: setImmediate, ...(isRestored && { restored: {} }) });
  }
  await using door = new AsyncDisposableStack();
  const url = withoutPassword(database);
  const ended = new AbortController();
  void end.promise.then(() => ended.abort(new AgentError("cancelled", "the program was told to end")));
  return openPostgresStore({
    url: database,
    newCloudId,
    isRestored,
    clock: createSystemClock(),
    log,
    ended: ended.signal,
    onLost: end.fail,
    onStandby: () => {
      say(`holdfast cloud stands by: another process writes to ${url}`);
      door.use(openStandbyDoor(parseAddress(config.http), log));
    },
  });
}

function httpSettings({ access, tls, production }: CloudConfig): Pick<HttpDeps, "access" | "tls" | "isProduction"> {
  const files = tls && { cert: readText(tls.cert, "tls.cert"), key: readText(tls.key, "tls.key") };
  return { access, isProduction: production, ...(files ? { tls: files } : {}) };
}

/** Who gets in, for the line that people read at the start. */
function doorOf({ access, production }: CloudConfig): string {
  const { loopback = production ? "token" : "open", tokens, partners } = access;
  const others = `${tokens.length} tokens and ${partners.length} certificates are known`;
  return loopback === "open"
    ? `programs of this machine need no token; ${others}`
    : `everybody needs a token; ${others}`;
}

function shippedFolder(name: string): string {
  return fileURLToPath(new URL(`../config/${name}`, import.meta.url));
}

function readText(file: string, key: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (thrown) {
    throw new AgentError("config.invalid", `${key}: ${file} cannot be read: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/** Whoever reads that the cloud answers may push at once; a broker that can't be reached is not waited for. */
async function connected(execution: Execution, clock: Clock): Promise<void> {
  for (let waitedMs = 0; !execution.isReady() && waitedMs < CONNECT_WITHIN_MS; waitedMs += LOOK_EVERY_MS) {
    await sleep(clock, LOOK_EVERY_MS);
  }
}

function readConfig({ config: file, settings = {} }: RunCloudOptions): CloudConfig {
  const written = file === undefined ? CloudConfig.parse({}) : loadYaml(file, CloudConfig);
  const parsed = CloudConfig.safeParse({ ...written, ...settings });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: expected ${message}`);
  throw new AgentError("config.invalid", problems.join("; "));
}

function executionConfigOf(config: CloudConfig): Parameters<typeof composeCloud>[0] {
  const { site, warehouseId, partnerId, confirmTimeoutMs, silenceMs, patience, telemetryDays, timeZone, devices } =
    config;
  return { site, warehouseId, partnerId, confirmTimeoutMs, silenceMs, patience, telemetryDays, timeZone, devices };
}

/** The platform's key; on a machine that only talks to itself one is made, so that a first try needs no ceremony. */
function openKey(config: CloudConfig, say: (line: string) => void): ReturnType<typeof readPrivateKey> {
  const { platformKey } = config;
  const isLocal = config.broker === undefined && isLoopback(parseAddress(config.mqtt).host);
  if (existsSync(platformKey) || !isLocal) return readPrivateKey(platformKey);
  const { privateJwk, publicJwk } = generateKey();
  const trusted = join(platformKey, "..", "trusted.jwks.json");
  writePrivateKey(platformKey, privateJwk);
  if (!existsSync(trusted)) writeKeySet(trusted, [publicJwk]);
  say(`there was no platform key, so one was made at ${platformKey}; devices must trust ${trusted}`);
  return privateJwk;
}

const OPEN_BROKER_WARNING =
  "warning: the embedded broker listens beyond this machine, without encryption: it refuses clients without a user name, but believes any deviceId that is used as one, so whoever reaches the port can read and write for that device (contracts and commands stay signed); for a network that others share, see deploy/mosquitto";

/** The broker that the configuration names, or one inside this process; the cloud is a client of either. */
async function openBroker(
  config: CloudConfig,
  { log, say }: { readonly log: Log; readonly say: (line: string) => void },
  parts: AsyncDisposableStack,
): Promise<{ readonly transport: Transport; readonly brokerUrl: string }> {
  const { broker } = config;
  if (broker !== undefined) {
    const access = typeof broker === "string" ? { url: broker } : broker;
    return { transport: createMqttTransport(access, { log }), brokerUrl: withoutPassword(access.url) };
  }
  const { address, port } = parts.use(await startEmbeddedBroker({ ...parseAddress(config.mqtt), log }));
  if (!isLoopback(address)) say(OPEN_BROKER_WARNING);
  const host = address.includes(":") ? `[${address}]` : address;
  const local = isLoopback(address) ? host : "127.0.0.1";
  const transport = createMqttTransport({ url: `mqtt://${local}:${port}` }, { log });
  return { transport, brokerUrl: `mqtt://${host}:${port}` };
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//");
}
