import { connect, type Socket } from "node:net";
import { z } from "zod";
import { AgentError, messageOf } from "#lib/errors";

/** Longer lines end the connection; a scan of 4000 rays takes 22 kB, a world's whole track a few MB. */
const LINE_LENGTH_MAX = 64_000_000;

/** Text lines over a stream socket, each ended by a newline. */
export interface LineSocket {
  /** Sends a line; dropped when the socket has ended. */
  send(line: string): void;
  /** Bytes that the other side has not taken yet. */
  pendingBytes(): number;
  onLine(handler: (line: string) => void): void;
  /** Called once when the connection ended, with the reason in words; not after `close`. */
  onClose(handler: (reason: string) => void): void;
  close(): void;
}

/**
 * Connects to `address`, a path of a unix socket or `host:port`. Rejects `driver.down` when nobody listens there.
 */
export async function connectLines(address: string): Promise<LineSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ ...parseAddress(address), noDelay: true });
  socket.once("connect", resolve);
  socket.once("error", (error) => {
    reject(
      new AgentError("driver.down", `no world at ${address}: ${error.message}`, { retryable: true, cause: error }),
    );
  });
  await promise;
  return asLines(socket);
}

/** The parts of `host:port`, or the path of a unix socket. */
export function parseAddress(address: string): { path: string } | { host: string; port: number } {
  const match = /^([^/]+):(\d+)$/.exec(address);
  return match ? { host: match[1]!, port: Number(match[2]) } : { path: address };
}

/** Lines over a connected socket. */
export function asLines(socket: Socket): LineSocket {
  let takeLine: (line: string) => void = () => undefined;
  let takeEnd: (reason: string) => void = () => undefined;
  let [rest, cause, isClosed] = ["", "the connection was closed by the other side", false];
  socket.setNoDelay(true);
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LINE_LENGTH_MAX) socket.destroy(new AgentError("driver.failed", "a line is too long"));
    for (const line of lines) if (!isClosed) takeLine(line);
  });
  socket.on("error", (error) => {
    cause = messageOf(error);
  });
  socket.on("close", () => {
    if (!isClosed) takeEnd(cause);
    isClosed = true;
  });
  return {
    send(line) {
      if (!isClosed && socket.writable) socket.write(`${line}\n`);
    },
    pendingBytes: () => socket.writableLength,
    onLine: (handler) => {
      takeLine = handler;
    },
    onClose: (handler) => {
      takeEnd = handler;
    },
    close() {
      isClosed = true;
      // Not destroy: what was sent last (a zero velocity, say) must still arrive.
      socket.end();
    },
  };
}

/** The message in a line of JSON, or undefined when the line is not one. */
export function decodeLine<Schema extends z.ZodType>(schema: Schema, line: string): z.output<Schema> | undefined {
  return z.safeDecode(schema, parseJson(line) as z.input<Schema>).data;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // No schema of ours takes undefined, so the caller learns that the line is unreadable.
  }
}
