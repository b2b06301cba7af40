import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { MqttClient, UniqueMessageIdProvider } from "mqtt";
import { AgentError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Connection, ConnectionHandlers, ConnectOptions, Transport } from "../transport.ts";
import { MqttConnection } from "./mqtt-connection.ts";
import { connectError } from "./mqtt-errors.ts";

export interface MqttTransportOptions {
  /** `mqtt://host:port` or `mqtts://host:port`; a user name and password in it serve connections that name none. */
  readonly url: string;
  /**
   * 4 is MQTT 3.1.1 (the default, every broker speaks it), 5 is MQTT 5. The version is not probed: brokers refuse an
   * unknown one in different ways, some by silence, and nothing on our wire needs version 5.
   */
  readonly protocolVersion?: 4 | 5;
  /** How long a connection may take from the first SYN to the CONNACK; 10 s unless given. */
  readonly connectTimeoutMs?: number;
}

/** Where a broker listens. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  readonly username?: string;
  readonly password?: string;
}

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Real connections: mqtt.js over TCP or TLS. One attempt for each `connect`; nothing is queued while there is no
 * connection and nothing is sent again, because the journal is the only memory of what still has to be told. Throws
 * `config.invalid` when the URL is none of ours.
 */
export function createMqttTransport(options: MqttTransportOptions, deps: { readonly log: Log }): Transport {
  const address = parseBrokerUrl(options.url);
  const { protocolVersion = 4, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
  const log = deps.log.child({ module: "mqtt", broker: `${address.host}:${address.port}` });
  return {
    connect: (session, handlers) =>
      openConnection({ address, protocolVersion, connectTimeoutMs, log }, session, handlers),
  };
}

interface Settings {
  readonly address: BrokerAddress;
  readonly protocolVersion: 4 | 5;
  readonly connectTimeoutMs: number;
  readonly log: Log;
}

function openConnection(
  settings: Settings,
  session: ConnectOptions,
  handlers: ConnectionHandlers,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const client = createClient(settings, session);
    let cause: unknown;
    client.on("error", (error) => {
      cause ??= error;
      client.stream.destroy();
    });
    const refuse = (): void => reject(connectError(settings, session.username ?? settings.address.username, cause));
    client.once("close", refuse);
    client.once("connect", (connack) => {
      client.off("close", refuse);
      const log = settings.log.child({ clientId: session.clientId });
      resolve(new MqttConnection(client, handlers, { log, window: connack.properties?.receiveMaximum ?? WINDOW_MAX }));
    });
  });
}

/** MQTT has 65,535 packet identifiers; MQTT 5 brokers may allow fewer messages in flight. */
const WINDOW_MAX = 65_535;

/** Builds the client on a socket of ours, since mqtt.js opens its own without TCP_NODELAY and with a proxy from the environment. */
function createClient({ address, protocolVersion, connectTimeoutMs }: Settings, session: ConnectOptions): MqttClient {
  const username = session.username ?? address.username;
  const password = session.password ?? address.password;
  const will = session.will && { ...session.will, payload: Buffer.from(session.will.payload) };
  return new MqttClient(() => openSocket(address), {
    protocolVersion,
    clientId: session.clientId,
    clean: true,
    keepalive: session.keepAliveSeconds,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    connectTimeout: connectTimeoutMs,
    // The default provider hands out an identifier again while its message is still unacknowledged.
    messageIdProvider: new UniqueMessageIdProvider(),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(will === undefined ? {} : { will }),
  });
}

function openSocket({ host, port, isSecure }: BrokerAddress): Socket {
  if (!isSecure) return connectTcp({ host, port, noDelay: true });
  return connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}) }).setNoDelay(true);
}

function parseBrokerUrl(text: string): BrokerAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !url.hostname || (url.protocol !== "mqtt:" && url.protocol !== "mqtts:")) {
    throw new AgentError(
      "config.invalid",
      `"${text}" is not the address of a broker; expected mqtt://HOST:PORT or mqtts://HOST:PORT`,
    );
  }
  const isSecure = url.protocol === "mqtts:";
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(url.port) || (isSecure ? 8883 : 1883),
    isSecure,
    ...(url.username === "" ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
  };
}
