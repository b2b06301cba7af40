import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { assert, InvariantError } from "#lib/errors";
import { findService } from "./service.ts";

/** Where Mosquitto is, or undefined: its tests are then skipped. */
export const MOSQUITTO = findService({ program: "mosquitto", install: "apt-get install mosquitto" });

/** A Mosquitto of a test's own, on a port of the loopback that it keeps. */
export interface Mosquitto extends AsyncDisposable {
  readonly port: number;
  /** Its files; gone with it. */
  readonly folder: string;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again; resolves when it listens. */
  start(): Promise<void>;
}

/** Starts Mosquitto with the configuration that `settings` makes for a port and a folder; resolves when it listens. */
export async function startMosquitto(
  settings: (at: { readonly port: number; readonly folder: string }) => string | Promise<string>,
): Promise<Mosquitto> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-mosquitto-"));
  const port = await freePort();
  const file = join(folder, "mosquitto.conf");
  // Started by root, it would give up its rights and could not read what belongs to root.
  const user = process.getuid?.() === 0 ? "user root\n" : "";
  await writeFile(
    file,
    `${await settings({ port, folder })}\nlog_dest stderr\nlog_type error\nlog_type warning\nlog_type notice\nlog_type information\n${user}`,
    { mode: 0o644 },
  );
  let child = await run(file);
  return {
    port,
    folder,
    kill: () => end(child, "SIGKILL"),
    async start() {
      child = await run(file);
    },
    async [Symbol.asyncDispose]() {
      await end(child, "SIGTERM");
      await rm(folder, { recursive: true });
    },
  };
}

async function run(file: string): Promise<ChildProcess> {
  assert(MOSQUITTO !== undefined, "skipped without Mosquitto");
  const child = spawn(MOSQUITTO, ["-c", file], { stdio: ["ignore", "ignore", "pipe"] });
  await running(createInterface({ input: child.stderr }));
  return child;
}

async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

/** Resolves when Mosquitto says that it runs; fails with what it said if it ends instead. */
async function running(log: Interface): Promise<void> {
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    log.on("line", (line: string) => {
      said.push(line);
      if (line.endsWith("running")) resolve();
    });
    log.once("close", () => reject(new InvariantError(`mosquitto did not start: ${said.join("; ")}`)));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
