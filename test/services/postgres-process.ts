import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { assert } from "#lib/errors";
import { findService } from "./service.ts";

const run = promisify(execFile);

/** Where PostgreSQL's server program is, or undefined: its tests are then skipped. */
export const POSTGRES = findService({
  program: "postgres",
  install: "apt-get install postgresql",
  folders: ["17", "16", "15", "14"].map((version) => `/usr/lib/postgresql/${version}/bin`),
});

/** A PostgreSQL of a test's own, on a port of the loopback that it keeps, with an empty database. */
export interface Postgres extends AsyncDisposable {
  readonly url: string;
  /** SIGQUIT, PostgreSQL's own way to crash: nothing is finished, recovery follows at the next start. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again; resolves when it answers. */
  start(): Promise<void>;
}

/** Makes a cluster and starts it; by root, as the user `postgres`, because PostgreSQL refuses to run as root. */
export async function startPostgres(): Promise<Postgres> {
  assert(POSTGRES !== undefined, "skipped without PostgreSQL");
  const folder = await mkdtemp(join(tmpdir(), "holdfast-postgres-"));
  const user = process.getuid?.() === 0 ? await ownerOf("postgres") : undefined;
  if (user) await chown(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const port = await freePort();
  await run(join(dirname(POSTGRES), "initdb"), ["-D", data, "-A", "trust", "-U", "holdfast", "--no-sync"], { ...user });
  const args = ["-D", data, "-p", String(port), "-k", folder, "-c", "listen_addresses=127.0.0.1"];
  const url = `postgres://holdfast@127.0.0.1:${port}/postgres`;
  const start = async (): Promise<ChildProcess> => {
    const child = spawn(POSTGRES!, args, { ...user, stdio: "ignore" });
    await untilItAnswers(url);
    return child;
  };
  let child = await start();
  return {
    url,
    kill: () => end(child, "SIGQUIT"),
    async start() {
      child = await start();
    },
    async [Symbol.asyncDispose]() {
      await end(child, "SIGQUIT");
      await rm(folder, { recursive: true });
    },
  };
}

async function ownerOf(name: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const id = async (flag: string): Promise<number> => Number((await run("id", [flag, name])).stdout);
  return { uid: await id("-u"), gid: await id("-g") };
}

async function untilItAnswers(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (thrown) {
      if (tries >= 300) throw thrown;
      await delay(100);
    }
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
