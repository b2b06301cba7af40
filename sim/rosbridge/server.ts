import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import type { Clock } from "#lib/clock";
import { AgentError, messageOf } from "#lib/errors";
import type { RosGraph } from "./graph.ts";
import { type BridgeSession, createBridgeSession, type SessionOptions } from "./session.ts";

export interface RosbridgeServerOptions {
  readonly clock: Clock;
  readonly graph: RosGraph;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly threads: SessionOptions["threads"];
}

/** A rosbridge that listens. */
export interface RosbridgeServer extends AsyncDisposable {
  readonly url: string;
  /** Hangs up on every client and takes no new ones, as a bridge that died. */
  unplug(): void;
  plug(): void;
}

const MESSAGE_BYTES_MAX = 10_000_000;
/** A client that is so far behind gets no more until it has read. */
const BACKLOG_BYTES_MAX = 4_000_000;

/** Serves a ROS system over WebSockets, as rosbridge_server does. Throws `config.port_in_use`. */
export async function startRosbridgeServer(options: RosbridgeServerOptions): Promise<RosbridgeServer> {
  const { clock, graph, host, port, threads } = options;
  const sockets = new Map<WebSocket, BridgeSession>();
  let [isPlugged, clients] = [true, 0];
  const server = new WebSocketServer({ host, port, maxPayload: MESSAGE_BYTES_MAX });
  await listening(server, `${host}:${port}`);
  server.on("connection", (socket) => {
    if (!isPlugged) return socket.terminate();
    const send = (data: string | Uint8Array): void => {
      if (socket.bufferedAmount <= BACKLOG_BYTES_MAX) socket.send(data);
    };
    const session = createBridgeSession({ clock, graph, node: `/rosbridge/client_${++clients}`, send, threads });
    sockets.set(socket, session);
    socket.on("message", (data: Buffer) => session.receive(data.toString()));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      sockets.delete(socket);
      session.end();
    });
    return undefined;
  });
  const hangUp = (): void => {
    for (const socket of sockets.keys()) socket.terminate();
  };
  return {
    url: `ws://${host}:${(server.address() as AddressInfo).port}`,
    unplug() {
      isPlugged = false;
      hangUp();
    },
    plug: () => void (isPlugged = true),
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      hangUp();
      await closed.promise;
    },
  };
}

async function listening(server: WebSocketServer, where: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("listening", resolve);
  server.once("error", reject);
  try {
    await promise;
  } catch (thrown) {
    throw new AgentError("config.port_in_use", `the rosbridge cannot listen on ${where}: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}
