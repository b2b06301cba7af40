import { MqttClient, UniqueMessageIdProvider } from "mqtt";
import type { BrokerAccess } from "../broker-access.ts";
import { AgentError, messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Connection, ConnectionHandlers, ConnectOptions, Transport } from "../transport.ts";
import { parseBrokerUrl, type BrokerAddress } from "./mqtt-address.ts";
import { MqttConnection } from "./mqtt-connection.ts";
import { checkOwnCertificate, connectError, isVersionRefusal } from "./mqtt-errors.ts";
import { checkTlsFiles, openBrokerSocket } from "./mqtt-socket.ts";

export interface MqttTransportOptions extends BrokerAccess {
  /** How long a connection may take from the first SYN to the CONNACK; 10 s unless given. */
  readonly connectTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Real connections: mqtt.js over TCP or TLS. `connect` tries each broker once, in order; the user name of the options, or
 * else that in a URL, serves connections that name none. Nothing is queued while there is no connection and nothing is sent
 * again, because the journal is the only memory of what still has to be told. Throws `config.invalid` when a URL is none of
 * ours, or a file of certificates can't be used.
 */
export function createMqttTransport(options: MqttTransportOptions, deps: { readonly log: Log }): Transport {
  if (options.tls) checkTlsFiles(options.tls);
  const brokers = [options.url, ...(options.fallbacks ?? [])].map((url) => new Broker(url, options, deps.log));
  return {
    async connect(session, handlers) {
      const failures: AgentError[] = [];
      for (const broker of brokers) {
        try {
          return await broker.connect(session, handlers);
        } catch (thrown) {
          if (!(thrown instanceof AgentError)) throw thrown;
          failures.push(thrown);
        }
      }
      throw together(failures);
    },
  };
}

/** What kept every broker from being had; what to do is what the first of them asks for. */
function together(failures: readonly AgentError[]): AgentError {
  const [first, ...others] = failures;
  if (others.length === 0) return first!;
  const retryable = failures.some((failure) => failure.retryable);
  return new AgentError(first!.code, failures.map(messageOf).join("; "), { retryable, cause: first });
}

type ProtocolVersion = 4 | 5;
const SILENCES_MAX = 3;

/** One broker, and which version of MQTT it was found to speak. */
class Broker {
  readonly #address: BrokerAddress;
  readonly #options: MqttTransportOptions;
  readonly #log: Log;
  #version: ProtocolVersion;
  #isVersionKnown: boolean;
  /** How often version 5 was answered by silence, which may have been the network's. */
  #silences = 0;

  constructor(url: string, options: MqttTransportOptions, log: Log) {
    this.#address = parseBrokerUrl(url);
    this.#options = options;
    const { host, port } = this.#address;
    this.#log = log.child({ module: "mqtt", broker: `${host}:${port}` });
    this.#version = options.protocolVersion ?? 5;
    this.#isVersionKnown = options.protocolVersion !== undefined;
  }

  /** A broker that does not know version 5 says so, or hangs up, or says nothing: then the next attempt is in 3.1.1. */
  async connect(session: ConnectOptions, handlers: ConnectionHandlers): Promise<Connection> {
    const attempt = await this.#attempt(session, handlers);
    if (attempt.kind === "connected") return attempt.connection;
    const isFixed = this.#options.protocolVersion !== undefined;
    if (isFixed || !(attempt.isVersionRefused || (attempt.isMute && !this.#isVersionKnown))) throw attempt.error;
    if (this.#version === 5) this.#silences++;
    this.#version = this.#version === 5 ? 4 : 5;
    if (!attempt.isVersionRefused) throw attempt.error;
    this.#isVersionKnown = true;
    const second = await this.#attempt(session, handlers);
    if (second.kind === "connected") return second.connection;
    throw second.error;
  }

  /** A broker that spoke 3.1.1 after silence is asked for 5 again the next time, until it has been silent too often. */
  #settleVersion(): void {
    if (this.#isVersionKnown) return;
    this.#isVersionKnown = this.#version === 5 || this.#silences >= SILENCES_MAX;
    if (!this.#isVersionKnown) this.#version = 5;
  }

  async #attempt(session: ConnectOptions, handlers: ConnectionHandlers): Promise<Attempted> {
    const { tls, connectTimeoutMs = CONNECT_TIMEOUT_MS } = this.#options;
    const about = { address: this.#address, protocolVersion: this.#version, connectTimeoutMs };
    if (this.#address.isSecure) checkOwnCertificate(about.address, tls);
    const broker = openBrokerSocket(this.#address, tls);
    const { socket } = broker;
    const client = createClient(() => socket, about, {
      ...session,
      ...identityOf(session, this.#options, this.#address),
    });
    const { promise, resolve } = Promise.withResolvers<Attempted>();
    let cause: unknown;
    client.on("error", (error) => {
      cause ??= error;
      client.stream.destroy();
    });
    const fail = (): void => {
      const { username } = identityOf(session, this.#options, this.#address);
      const error = connectError({ ...about, hasOwnCertificate: tls?.cert !== undefined }, username, cause, broker);
      const isMute = broker.isAccepted && error.code === "transport.unreachable";
      resolve({ kind: "failed", error, isMute, isVersionRefused: isVersionRefusal(cause) });
    };
    client.once("close", fail);
    client.once("connect", ({ properties }) => {
      client.off("close", fail);
      const spoken = this.#version;
      this.#settleVersion();
      const { host, port, isSecure } = this.#address;
      const route = `${isSecure ? "mqtts" : "mqtt"}://${host}:${port}, MQTT ${spoken === 5 ? "5" : "3.1.1"}`;
      const connection = new MqttConnection(client, handlers, {
        log: this.#log.child({ clientId: session.clientId }),
        route,
        window: properties?.receiveMaximum ?? WINDOW_MAX,
        packetBytesMax: properties?.maximumPacketSize ?? Infinity,
      });
      resolve({ kind: "connected", connection });
    });
    return promise;
  }
}

type Attempted =
  | { readonly kind: "connected"; readonly connection: Connection }
  | {
      readonly kind: "failed";
      readonly error: AgentError;
      /** Somebody accepted the connection and gave no answer. */
      readonly isMute: boolean;
      readonly isVersionRefused: boolean;
    };

/** MQTT has 65,535 packet identifiers; MQTT 5 brokers may allow fewer messages in flight. */
const WINDOW_MAX = 65_535;
/** A contract of 4 MiB in base64url, and what is around it; MQTT 5 brokers send nothing larger. */
const PACKET_BYTES_MAX = 6 * 1024 * 1024;

type Login = Pick<ConnectOptions, "username" | "password">;

/** What names the client most closely counts: the session, the options, the URL. */
function identityOf(...sources: readonly Login[]): Login {
  const named = sources.find(({ username }) => username !== undefined) ?? {};
  const password = sources.find((source) => source.password !== undefined)?.password;
  return {
    ...(named.username !== undefined && { username: named.username }),
    ...(password !== undefined && { password }),
  };
}

function createClient(
  open: () => BrokerSocketStream,
  about: {
    readonly address: BrokerAddress;
    readonly protocolVersion: ProtocolVersion;
    readonly connectTimeoutMs: number;
  },
  session: ConnectOptions,
): MqttClient {
  const { protocolVersion, connectTimeoutMs } = about;
  const { username, password } = session;
  const will = session.will && { ...session.will, payload: Buffer.from(session.will.payload) };
  return new MqttClient(open, {
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
    ...(protocolVersion === 5 && { properties: { sessionExpiryInterval: 0, maximumPacketSize: PACKET_BYTES_MAX } }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(will === undefined ? {} : { will }),
  });
}

type BrokerSocketStream = ReturnType<typeof openBrokerSocket>["socket"];
