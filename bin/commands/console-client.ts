import { existsSync, readlinkSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import type { AgentConfig } from "#agent/config";
import type { Hello } from "#agent/console/doors/socket-door";
import { AgentError } from "#lib/errors";
import { EXIT } from "../exit.ts";

export interface ConsoleOptions {
  readonly socket?: string;
  readonly config?: string;
  readonly exec?: string;
  readonly setPin?: "technician" | "admin";
}

/** Where agents listen unless told otherwise: in a checkout, and installed. */
const USUAL = {
  socket: ["./data/agent/console.sock", "/run/holdfast/console.sock"],
  config: ["/etc/holdfast/agent.yaml"],
};

/** Talks to the agent through its socket; to its journal where it does not answer. */
export async function openConsole(options: ConsoleOptions): Promise<void> {
  const config = await configOf(options);
  if (options.setPin) return (await import("./console-offline.ts")).setPin(options.setPin, config);
  const path = options.socket ?? (config ? (await import("#agent/console/console")).socketPath(config) : usualSocket());
  const socket = await connect(path);
  if (!socket) {
    const { openDeadConsole } = await import("./console-offline.ts");
    return openDeadConsole({ ...options, tty: ttyName() }, config, path);
  }
  if (options.exec !== undefined) return execute(socket, options.exec);
  await visit(socket);
}

async function configOf({ config, socket }: ConsoleOptions): Promise<AgentConfig | undefined> {
  const file = config ?? (socket === undefined ? USUAL.config.find((path) => existsSync(path)) : undefined);
  if (file === undefined) return undefined;
  const [{ AgentConfig: schema }, { loadYaml }] = await Promise.all([
    import("#agent/config"),
    import("#lib/node/yaml-file"),
  ]);
  return loadYaml(file, schema);
}

function usualSocket(): string {
  return USUAL.socket.find((path) => existsSync(path)) ?? USUAL.socket[0]!;
}

/** The lines that the agent answers to one command; undefined when none listens there. Rejects as `connect`, `transport.silent` when it does not. */
export async function askAgent(path: string, command: string): Promise<readonly string[] | undefined> {
  const socket = await connect(path);
  if (!socket) return undefined;
  socket.setTimeout(ANSWER_WITHIN_MS, () => {
    const within = `${ANSWER_WITHIN_MS / 1000} s`;
    socket.destroy(new AgentError("transport.silent", `${path}: the agent did not answer within ${within}`));
  });
  greet(socket, { exec: command });
  return (await text(socket)).split("\n").filter((line) => line !== "");
}

const ANSWER_WITHIN_MS = 10_000;

/** Undefined when no agent listens there. Rejects `config.invalid` when we are not let in. */
function connect(path: string): Promise<Socket | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket | undefined>();
  const socket = createConnection(path, () => resolve(socket));
  socket.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EACCES") return resolve(undefined);
    reject(new AgentError("config.invalid", `${path}: you may not connect; be in the group of the agent's user`));
  });
  return promise;
}

function greet(socket: Socket, hello: Omit<Hello, "v" | "tty">): void {
  socket.write(`${JSON.stringify({ v: 1, tty: ttyName(), ...hello })}\n`);
}

/** `pts/3`; `script` where there is no terminal. */
function ttyName(): string {
  if (!process.stdin.isTTY) return "script";
  try {
    const name = readlinkSync("/proc/self/fd/0").replace(/^\/dev\//, "");
    return /^[A-Za-z0-9._/-]{1,32}$/.test(name) ? name : "tty";
  } catch {
    // No Linux: which terminal it is can't be read.
    return "tty";
  }
}

/** Prints the reply; its last line decides the exit code. Where a program asked for JSON, it gets nothing else. */
async function execute(socket: Socket, command: string): Promise<void> {
  const isJson = /\s--json\b/.test(command);
  greet(socket, { exec: command });
  let held: string | undefined;
  let rest = "";
  socket.setEncoding("utf8");
  process.stdout.on("error", () => socket.destroy());
  for await (const chunk of socket as AsyncIterable<string>) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      if (held !== undefined) process.stdout.write(`${held}\n`);
      // The last line of a reply is its verdict; what is followed has none, and must not wait for the next.
      held = /^(?:OK|ERR )/.test(line) ? line : undefined;
      if (held === undefined) process.stdout.write(`${line}\n`);
    }
  }
  if (held?.startsWith("ERR ")) {
    process.stderr.write(`${held}\n`);
    process.exitCode = EXIT.unmet;
  } else if (held !== undefined && !isJson) process.stdout.write(`${held}\n`);
}

/** Bytes both ways: editing and echo are the agent's. */
async function visit(socket: Socket): Promise<void> {
  const { stdin, stdout } = process;
  const isInteractive = stdin.isTTY && stdout.isTTY;
  greet(socket, { isInteractive });
  if (isInteractive) stdin.setRawMode(true);
  stdin.pipe(socket);
  socket.pipe(stdout, { end: false });
  await new Promise((resolve) => socket.once("close", resolve));
  if (isInteractive) stdin.setRawMode(false);
  stdin.unpipe(socket);
  stdin.pause();
}
