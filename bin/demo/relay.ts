import { createServer, connect, type AddressInfo, type Socket } from "node:net";

/** A TCP relay that stands for the radio link: while it is cut, nothing passes and nobody can connect. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
  cut(): void;
  mend(): void;
}

/** Relays from a free port of the loopback to `target`. */
export async function startRelay(target: { host: string; port: number }): Promise<Relay> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isCut = false;
  const server = createServer({ noDelay: true }, (near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect({ ...target, noDelay: true });
    const pair = [near, far] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) socket.on("close", end).on("error", end);
    near.pipe(far);
    far.pipe(near);
  });
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject).listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  function cut(): void {
    isCut = true;
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    mend() {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      cut();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}
