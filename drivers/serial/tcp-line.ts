import { createConnection } from "node:net";
import { AgentError, messageOf } from "#lib/errors";
import type { Dial, Line } from "../line.ts";

const KEEP_ALIVE_MS = 5000;

/** Connects to a device in the network. */
export function dialTcp(host: string, port: number): Dial {
  return ({ onBytes, onEnd }) => {
    const { promise, resolve, reject } = Promise.withResolvers<Line>();
    const where = `${host}:${port}`;
    const socket = createConnection({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    });
    let state: "dialling" | "up" | "ended" = "dialling";
    const end = (reason: string): void => {
      if (state === "up") onEnd(reason);
      if (state === "dialling") reject(new AgentError("driver.down", reason, { retryable: true }));
      state = "ended";
      socket.destroy();
    };
    const write = (bytes: Uint8Array): void => {
      if (state === "up") socket.write(bytes);
    };
    socket.on("error", (error) => end(`${where}: ${messageOf(error)}`));
    socket.on("close", () => end(`${where} hung up`));
    socket.on("data", (chunk) => state === "up" && onBytes(chunk));
    socket.on("connect", () => {
      state = "up";
      resolve({
        write,
        drive: write,
        close: async () => {
          state = "ended";
          socket.end(() => socket.destroy());
        },
      });
    });
    return promise;
  };
}
