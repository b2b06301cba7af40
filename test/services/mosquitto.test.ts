import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { describe } from "vitest";
import { assert, InvariantError } from "#lib/errors";
import { startTcpRig } from "../conformance/tcp-rig.ts";
import { testTransport } from "../conformance/transport-suite.ts";
import { findService } from "./service.ts";

const mosquitto = findService({ program: "mosquitto", install: "apt-get install mosquitto" });

describe.skipIf(mosquitto === undefined)("Mosquitto through mqtt.js, MQTT 3.1.1", () => {
  testTransport(async () => {
    const broker = await startMosquitto();
    return startTcpRig(broker.port, 4, broker);
  });
});

describe.skipIf(mosquitto === undefined)("Mosquitto through mqtt.js, MQTT 5", () => {
  testTransport(async () => {
    const broker = await startMosquitto();
    return startTcpRig(broker.port, 5, broker);
  });
});

async function startMosquitto(): Promise<AsyncDisposable & { readonly port: number }> {
  assert(mosquitto !== undefined, "skipped without Mosquitto");
  const folder = await mkdtemp(join(tmpdir(), "holdfast-mosquitto-"));
  const port = await freePort();
  const settings = [
    `listener ${port} 127.0.0.1`,
    "allow_anonymous true",
    "set_tcp_nodelay true",
    "persistence false",
    "max_queued_messages 0",
    "log_dest stderr",
  ];
  const file = join(folder, "mosquitto.conf");
  await writeFile(file, `${settings.join("\n")}\n`, { mode: 0o644 });
  const child = spawn(mosquitto, ["-c", file], { stdio: ["ignore", "ignore", "pipe"] });
  await running(createInterface({ input: child.stderr }));
  return {
    port,
    async [Symbol.asyncDispose]() {
      const exited = once(child, "exit");
      child.kill();
      await exited;
      await rm(folder, { recursive: true });
    },
  };
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
