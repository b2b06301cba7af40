import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { silentLog } from "#lib/log";
import { createMqttTransport } from "#lib/node/mqtt-transport";
import type { TransportRig } from "./transport-suite.ts";

/**
 * mqtt.js against the broker on `port` of this machine. Each client goes through a relay of its own, whose cut is how
 * a connection breaks without a DISCONNECT. The rig owns `broker`.
 */
export async function startTcpRig(
  port: number,
  protocolVersion: 4 | 5,
  broker: AsyncDisposable,
): Promise<TransportRig> {
  const relays = new Map<string, Relay>();
  return {
    async transport(clientName) {
      const relay = relays.get(clientName) ?? (await startRelay(port));
      relays.set(clientName, relay);
      return createMqttTransport({ url: `mqtt://127.0.0.1:${relay.port}`, protocolVersion }, { log: silentLog });
    },
    sever: (clientName) => relays.get(clientName)?.cut(),
    settle: (promise) => promise,
    async [Symbol.asyncDispose]() {
      for (const relay of relays.values()) relay.stop();
      await broker[Symbol.asyncDispose]();
    },
  };
}

interface Relay {
  readonly port: number;
  /** Destroys the connections that exist; new ones are relayed again. */
  cut(): void;
  stop(): void;
}

async function startRelay(brokerPort: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: "127.0.0.1", port: brokerPort, noDelay: true });
    near.pipe(far);
    far.pipe(near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.once("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
  });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const stop = (): void => {
    server.close();
    cut();
  };
  return { port: await listen(server), cut, stop };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
