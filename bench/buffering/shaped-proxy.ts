import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** What a way is like: `delayMs` in each direction, and what all connections together may carry towards the target. */
export interface Shape {
  readonly delayMs: number;
  readonly bytesPerSecond?: number;
}

/** A TCP proxy to a port of the loopback through such a way. */
export interface ShapedProxy extends AsyncDisposable {
  readonly port: number;
  /** Bytes that went towards the target. */
  carried(): number;
}

/** Bytes that queue before the bottleneck; the sender is held back beyond. */
const QUEUE_BYTES_MAX = 262_144;

export async function startShapedProxy(target: number, { delayMs, bytesPerSecond }: Shape): Promise<ShapedProxy> {
  const sockets = new Set<Socket>();
  let [freeAtMs, carried] = [0, 0];
  /** Milliseconds until bytes have passed the bottleneck; they queue behind those before. */
  const passingMs = (bytes: number): number => {
    const nowMs = performance.now();
    freeAtMs = Math.max(nowMs, freeAtMs) + (bytesPerSecond === undefined ? 0 : (bytes / bytesPerSecond) * 1000);
    return freeAtMs - nowMs;
  };
  const forward = (from: Socket, to: Socket, waitMs: (bytes: number) => number): void => {
    let queued = 0;
    from.on("data", (chunk: Buffer) => {
      queued += chunk.length;
      if (queued > QUEUE_BYTES_MAX) from.pause();
      setTimeout(() => {
        queued -= chunk.length;
        if (queued <= QUEUE_BYTES_MAX) from.resume();
        if (!to.destroyed) to.write(chunk);
      }, waitMs(chunk.length));
    });
    // What is still on its way arrives before the end does.
    from.on("close", () => setTimeout(() => to.end(), waitMs(0)));
    from.on("error", () => from.destroy());
  };
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: "127.0.0.1", port: target, noDelay: true });
    sockets.add(near).add(far);
    forward(near, far, (bytes) => {
      carried += bytes;
      return delayMs + passingMs(bytes);
    });
    forward(far, near, () => delayMs);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    carried: () => carried,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
