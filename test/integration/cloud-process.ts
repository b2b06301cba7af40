import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { writePrivateKey } from "#contract/io/key-file";
import { generateKey } from "#contract/io/node-crypto";
import { awaited, startChild } from "../../bin/demo/child.ts";
import { PROGRAM } from "./command-run.ts";

/** `holdfast cloud` in a process of its own, on ports that the system chose, with keys and data in a folder of its own. */
export interface CloudProcess extends AsyncDisposable {
  readonly url: string;
  readonly brokerUrl: string;
  readonly folder: string;
  readonly pid: number | undefined;
  /** Ends it in order; its files stay until it is disposed of. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

const START_WITHIN_MS = 30_000;

/** Starts a cloud with these settings in its configuration file and resolves when it answers. */
export async function startCloudProcess(settings: Readonly<Record<string, unknown>> = {}): Promise<CloudProcess> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "holdfast-cloud-"));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const config = join(folder, "cloud.yaml");
  const own = {
    http: "127.0.0.1:0",
    mqtt: "127.0.0.1:0",
    dataDir: join(folder, "data"),
    platformKey: join(folder, "keys", "platform.jwk"),
  };
  // A cloud makes itself a key only where it is alone with its embedded broker.
  if ("broker" in settings) writePrivateKey(own.platformKey, generateKey().privateJwk);
  writeFileSync(config, stringify({ ...own, ...settings }));
  const { promise, bring } = awaited<RegExpExecArray>("the cloud did not start", START_WITHIN_MS);
  const child = stack.use(
    startChild({
      name: "the cloud",
      args: [PROGRAM, "cloud", "--config", config],
      onLog: () => undefined,
      onLine: (line) => {
        const addresses = /answers at (http:\S+)(?: \(.*?\))?; devices connect to (mqtt:[^\s;]+)/.exec(line);
        if (addresses) bring(addresses);
      },
      // Whoever waits for an answer of it will fail, with the reason in its own words on stderr.
      onCrash: (reason) => process.stderr.write(`${reason}\n`),
    }),
  );
  const [, url, brokerUrl] = await promise;
  const running = stack.move();
  return {
    url: url!,
    brokerUrl: brokerUrl!,
    folder,
    pid: child.pid,
    kill: () => child.kill(),
    stop: async () => child[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
