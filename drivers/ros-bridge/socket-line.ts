import { WebSocket } from "ws";
import { AgentError } from "#lib/errors";
import type { Dial, Line } from "../line.ts";

/** A speed that would have to wait behind so many bytes would come too late: it is not sent. */
const BACKLOG_BYTES_MAX = 16_384;
/** Behind so many, nobody reads any more. */
const DEAD_BYTES = 4_000_000;
const CONNECT_MS = 5000;
const MESSAGE_BYTES_MAX = 64_000_000;

/** Connects to a WebSocket. Each chunk of the line is one message, sent as text. */
export function dialSocket(url: string): Dial {
  return ({ onBytes, onEnd }) => {
    const { promise, resolve, reject } = Promise.withResolvers<Line>();
    const socket = new WebSocket(url, {
      handshakeTimeout: CONNECT_MS,
      maxPayload: MESSAGE_BYTES_MAX,
      perMessageDeflate: false,
    });
    let state: "dialling" | "up" | "ended" = "dialling";
    const end = (reason: string): void => {
      if (state === "up") onEnd(reason);
      if (state === "dialling") reject(new AgentError("driver.down", reason, { retryable: true }));
      state = "ended";
      socket.terminate();
    };
    const write = (bytes: Uint8Array): void => {
      if (state !== "up") return;
      if (socket.bufferedAmount > DEAD_BYTES) end(`${url} does not read what is sent`);
      else socket.send(bytes, { binary: false });
    };
    socket.on("error", (error) => end(`${url}: ${error.message}`));
    socket.on("close", (code) => end(`${url} hung up (${code})`));
    socket.on("message", (data: Buffer) => state === "up" && onBytes(data));
    socket.on("open", () => {
      state = "up";
      resolve({
        write,
        drive(bytes) {
          if (socket.bufferedAmount <= BACKLOG_BYTES_MAX) write(bytes);
        },
        async close() {
          state = "ended";
          // What was sent last, a zero, still goes out; who does not answer is left.
          socket.close();
          if (socket.bufferedAmount > BACKLOG_BYTES_MAX) socket.terminate();
        },
      });
    });
    return promise;
  };
}
