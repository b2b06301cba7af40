import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** What a way through the air does to bytes. */
export type Way =
  | { readonly kind: "clear" }
  /** Existing connections are reset, new ones refused. */
  | { readonly kind: "cut" }
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "throttle"; readonly bytesPerSecond: number }
  /** Existing connections stay open and carry nothing any more, also afterwards, as when a router forgot them; nor do new ones. */
  | { readonly kind: "half-open" };

/** A TCP proxy whose way can be made bad while connections are up. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  take(way: Way): void;
}

/** Proxies from a free port of the loopback to `target`, a port of it. */
export async function startFaultProxy(target: number): Promise<FaultProxy> {
  const pairs = new Set<Pair>();
  const state: { way: Way } = { way: { kind: "clear" } };
  const server = createServer({ noDelay: true }, (near) => {
    if (state.way.kind === "cut") {
      near.resetAndDestroy();
      return;
    }
    const pair = new Pair(near, connect({ host: "127.0.0.1", port: target, noDelay: true }), state);
    pairs.add(pair);
    void pair.ended.then(() => pairs.delete(pair));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (): void => {
    for (const pair of pairs) pair.reset();
  };
  return {
    port: (server.address() as AddressInfo).port,
    take(way) {
      state.way = way;
      if (way.kind === "cut") cut();
      if (way.kind === "half-open") for (const pair of pairs) pair.forget();
    },
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}

/** One connection through the proxy. */
class Pair {
  readonly ended: Promise<void>;
  readonly #sockets: readonly [Socket, Socket];
  readonly #state: { readonly way: Way };
  #isForgotten: boolean;

  constructor(near: Socket, far: Socket, state: { readonly way: Way }) {
    this.#sockets = [near, far];
    this.#state = state;
    this.#isForgotten = state.way.kind === "half-open";
    for (const socket of this.#sockets) socket.on("error", () => socket.destroy());
    this.ended = Promise.all([this.#carry(near, far), this.#carry(far, near)]).then(() => undefined);
  }

  forget(): void {
    this.#isForgotten = true;
  }

  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Chunk by chunk, so that a slow way holds the sender back. */
  async #carry(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        await this.#travel(chunk.length);
        if (this.#isForgotten || to.destroyed) continue;
        if (!to.write(chunk)) await Promise.race([once(to, "drain"), once(to, "close")]);
      }
    } catch {
      // A connection that breaks ends the other half below, as a clean end does.
    }
    // Who waits for a forgotten connection learns nothing of its other end.
    if (!this.#isForgotten) to.destroy();
  }

  async #travel(bytes: number): Promise<void> {
    const { way } = this.#state;
    const ms = way.kind === "delay" ? way.ms : way.kind === "throttle" ? (bytes / way.bytesPerSecond) * 1000 : 0;
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  }
}
