import { chmodSync, existsSync, unlinkSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { z } from "zod";
import type { Clock } from "#lib/clock";
import { AgentError, messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import { ConsoleSession, type ConsoleParts } from "../console-session.ts";
import { errorLine, rendered, renderedReply } from "../core/reply.ts";
import { Role } from "../core/role.ts";
import type { Line } from "./door.ts";
import { serveVisit } from "./visit-loop.ts";

/** The first line of a client: who it is for, and what it wants. */
export const Hello = z.object({
  v: z.literal(1),
  /** The terminal that the person sits at. */
  tty: z.string().regex(/^[A-Za-z0-9._/-]{1,32}$/),
  /** One command, answered and over. Absent: a visit. */
  exec: z.string().max(4000).optional(),
  isInteractive: z.boolean().default(false),
});
export type Hello = z.input<typeof Hello>;

export interface SocketDoorOptions {
  readonly path: string;
  /** What those may do without a PIN whom the file's mode lets in. */
  readonly role: Role;
  readonly parts: ConsoleParts;
  readonly clock: Clock;
  readonly log: Log;
  readonly greeting: () => readonly string[];
  readonly visits: Set<ConsoleSession>;
}

/** Who may connect: the agent's user and group. */
const SOCKET_MODE = 0o660;
const HELLO_CHARS_MAX = 8192;

/** Listens on a unix socket until it is disposed of. Rejects `config.port_in_use` when another agent has it, `config.invalid` otherwise. */
export async function openSocketDoor(options: SocketDoorOptions): Promise<AsyncDisposable> {
  const { path, log } = options;
  await removeStale(path);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // The other side is gone; `close` follows.
    socket.on("error", (error) => log.debug({ err: messageOf(error) }, "console connection failed"));
    serve(socket, options).catch((thrown: unknown) => {
      log.error({ err: thrown }, "console session failed");
      socket.destroy();
    });
  });
  await listen(server, path);
  chmodSync(path, SOCKET_MODE);
  log.info({ path }, "console listens");
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A socket that an agent left behind when it was killed is nobody's; one that answers is somebody's. */
async function removeStale(path: string): Promise<void> {
  if (!existsSync(path)) return;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = createConnection(path, () => resolve(true));
  probe.on("error", () => resolve(false));
  const isAlive = await promise;
  probe.destroy();
  if (isAlive) throw new AgentError("config.port_in_use", `${path}: another agent's console listens there (socket)`);
  unlinkSync(path);
}

function listen(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error) =>
    reject(new AgentError("config.invalid", `${path}: the console can't listen there (socket): ${messageOf(error)}`)),
  );
  server.listen(path, resolve);
  return promise;
}

async function serve(socket: Socket, options: SocketDoorOptions): Promise<void> {
  const { parts, clock, role, visits } = options;
  const first = await firstLine(socket);
  const hello = first && readHello(first.text);
  if (!hello) {
    socket.end(`${errorLine({ kind: "error", code: "protocol", text: "the first line must be a hello" })}\n`);
    return;
  }
  if (hello.exec !== undefined) return execute(socket, hello.exec, hello.tty, options);
  const line = lineOf(socket, hello, role);
  const visit = serveVisit(line, { parts, clock, atIdle: "close", greeting: options.greeting(), visits });
  if (first.rest.length > 0) socket.unshift(first.rest);
  await visit;
  socket.end();
}

function readHello(text: string): z.output<typeof Hello> | undefined {
  try {
    return Hello.safeParse(JSON.parse(text)).data;
  } catch {
    // Not JSON: somebody else's program.
    return undefined;
  }
}

/** Reads up to the first newline; undefined when there is none, or only after too much. */
function firstLine(socket: Socket): Promise<{ text: string; rest: Uint8Array } | undefined> {
  const { promise, resolve } = Promise.withResolvers<{ text: string; rest: Uint8Array } | undefined>();
  let read = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    read = Buffer.concat([read, chunk]);
    const end = read.indexOf(0x0a);
    if (end < 0 && read.length <= HELLO_CHARS_MAX) return;
    socket.off("data", onData);
    socket.pause();
    resolve(end < 0 ? undefined : { text: read.toString("utf8", 0, end), rest: read.subarray(end + 1) });
  };
  socket.on("data", onData);
  socket.on("close", () => resolve(undefined));
  return promise;
}

/** One command for a program: its reply, `OK` or `ERR` as the last line, and the end. What follows goes on until the program leaves. */
async function execute(socket: Socket, command: string, tty: string, options: SocketDoorOptions): Promise<void> {
  const write = (lines: readonly string[]): void => {
    if (!socket.destroyed) socket.write(lines.map((line) => `${line}\n`).join(""));
  };
  using session = new ConsoleSession(options.parts, {
    tty,
    role: options.role,
    say: (told) => write(rendered(told, false)),
  });
  const answer = await session.execute(command);
  if (!answer) return void socket.end("OK\n");
  const { reply, isJson } = answer;
  if (reply.kind !== "ok" || !reply.follow) {
    write(renderedReply(reply, isJson));
    return void socket.end();
  }
  write(rendered(reply, isJson));
  const stop = reply.follow.start((news) => write(rendered(news, isJson)));
  socket.resume();
  socket.on("end", () => socket.end());
  await new Promise((resolve) => socket.once("close", resolve));
  stop();
}

function lineOf(socket: Socket, { tty, isInteractive }: z.output<typeof Hello>, role: Role): Line {
  return {
    tty,
    role,
    isInteractive,
    write: (text) => void (socket.writable && socket.write(isInteractive ? text : text.replaceAll("\r\n", "\n"))),
    send: (bytes) => void (socket.writable && socket.write(bytes)),
    onBytes: (listener) => {
      socket.on("data", listener);
      socket.resume();
    },
    onEnd: (listener) => {
      socket.on("end", listener);
      socket.on("close", listener);
    },
    close: () => void socket.end(),
  };
}
