import { createServer, isIPv4, type AddressInfo, type Server, type Socket } from "node:net";
import { Aedes, type AuthenticateError, type Client } from "aedes";
import { Name } from "#contract/identifiers";
import { AgentError } from "#lib/errors";
import type { Log } from "#lib/log";

export interface EmbeddedBrokerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly log: Log;
}

export interface EmbeddedBroker extends AsyncDisposable {
  readonly address: string;
  /** The port it listens on, also when the system chose it. */
  readonly port: number;
}

/**
 * An MQTT 3.1.1 broker inside this process (aedes): retained messages and sessions live in memory, so a restart forgets
 * them. Passwords are not looked at; it is made for one machine or a trusted network.
 *
 * - A user name is a `deviceId` and binds the client to `hf/v1/<site>/<deviceId>/#`, in any site: a publish or a will
 *   elsewhere ends the connection, a subscription elsewhere is refused.
 * - A client without a user name must come from this machine. It is the cloud itself or a test rig, and is not restricted.
 * - Shared subscriptions (`$share/…`) are refused, since aedes would grant them and never deliver.
 *
 * Rejects `config.port_in_use` when the address is taken.
 */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const log = options.log.child({ module: "broker" });
  const aedes = await Aedes.createBroker({ drainTimeout: DRAIN_TIMEOUT_MS });
  guard(aedes, log);
  // Without TCP_NODELAY Nagle's algorithm and delayed acknowledgements cost 8 kB messages 80 % of their throughput.
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    aedes.handle(socket);
  });
  try {
    await listen(server, options);
  } catch (thrown) {
    await closeBroker(aedes);
    throw thrown;
  }
  const { address, port } = server.address() as AddressInfo;
  server.on("error", (err) => log.error({ err }, "broker cannot accept connections"));
  log.info({ address, port }, "broker listening");
  let isOpen = true;
  return {
    address,
    port,
    async [Symbol.asyncDispose]() {
      if (!isOpen) return;
      isOpen = false;
      const closed = new Promise((resolve) => server.close(resolve));
      await closeBroker(aedes);
      // The broker knows only clients that have said CONNECT.
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A client that takes nothing holds up the messages of all others; so it may do that no longer than a device may be silent. */
const DRAIN_TIMEOUT_MS = 15_000;

/** Installs who may connect, publish and subscribe, and logs every refusal. */
function guard(aedes: Aedes, log: Log): void {
  const devices = new WeakMap<Client, string>();
  const wills = new WeakMap<Client, string>();
  aedes.preConnect = (client, packet, done) => {
    if (packet.will) wills.set(client, packet.will.topic);
    done(null, true);
  };
  aedes.authenticate = (client, username, _password, done) => {
    const refusal = refuseClient(username, client.conn as Socket, wills.get(client));
    if (refusal !== undefined) {
      log.warn({ clientId: client.id, username, reason: refusal }, "client refused");
      done(notAuthorized(refusal), null);
      return;
    }
    if (username !== undefined) devices.set(client, username);
    done(null, true);
  };
  aedes.authorizePublish = (client, packet, done) => {
    const device = client ? devices.get(client) : undefined;
    if (isAllowed(device, packet.topic)) {
      done(null);
      return;
    }
    log.warn({ clientId: client?.id, deviceId: device, topic: packet.topic }, "publish refused, connection closed");
    done(new AgentError("transport.refused", `${packet.topic} is not below the client's root`));
  };
  aedes.authorizeSubscribe = (client, subscription, done) => {
    const device = devices.get(client);
    if (isAllowed(device, subscription.topic)) {
      done(null, subscription);
      return;
    }
    log.warn({ clientId: client.id, deviceId: device, filter: subscription.topic }, "subscription refused");
    done(null, null);
  };
  aedes.on("clientReady", (client) =>
    log.debug({ clientId: client.id, deviceId: devices.get(client) }, "client connected"),
  );
  aedes.on("clientDisconnect", (client) => log.debug({ clientId: client.id }, "client disconnected"));
  for (const event of ["clientError", "connectionError"] as const) {
    aedes.on(event, (client, error) => log.debug({ clientId: client.id, err: error }, "client connection failed"));
  }
}

function refuseClient(username: string | undefined, socket: Socket, willTopic: string | undefined): string | undefined {
  if (username === undefined) {
    return isLoopback(socket.remoteAddress)
      ? undefined
      : "a client from another machine needs its deviceId as user name";
  }
  if (!Name.safeParse(username).success) return "the user name is not a deviceId";
  return willTopic === undefined || isAllowed(username, willTopic) ? undefined : "its will is not below its root";
}

/** Whether a client bound to `device` (or to none) may use a topic or filter. */
function isAllowed(device: string | undefined, filter: string): boolean {
  const [root, version, site = "", owner, ...below] = filter.split("/");
  if (device === undefined) return root !== "$share" && root !== "$SYS";
  return root === "hf" && version === "v1" && Name.safeParse(site).success && owner === device && below.length > 0;
}

function isLoopback(address = ""): boolean {
  const plain = address.replace(/^::ffff:/, "");
  return plain === "::1" || (isIPv4(plain) && plain.startsWith("127."));
}

const NOT_AUTHORIZED = 5;

function notAuthorized(reason: string): AuthenticateError {
  return Object.assign(new AgentError("transport.refused", reason), { returnCode: NOT_AUTHORIZED });
}

function listen(server: Server, { host, port }: EmbeddedBrokerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen({ host, port }, resolve);
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): AgentError {
  if (error.code === "EADDRINUSE") {
    const message = `${host}:${port} is in use by another program; stop it or choose another address for the MQTT broker`;
    return new AgentError("config.port_in_use", message, { cause: error });
  }
  return new AgentError("config.invalid", `the MQTT broker cannot listen on ${host}:${port}: ${error.message}`, {
    cause: error,
  });
}

function closeBroker(aedes: Aedes): Promise<void> {
  return new Promise((resolve) => aedes.close(resolve));
}
