import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { awaited, startChild } from "../../bin/demo/child.ts";
import { holdfast, PROGRAM } from "./command-run.ts";

test.each([
  { mqtt: "0.0.0.0:0", warns: true },
  { mqtt: "127.0.0.1:0", warns: false },
])("a cloud whose broker listens on $mqtt says what that means: $warns", async ({ mqtt, warns }) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-open-broker-"));
  const keys = join(folder, "keys");
  await holdfast(["keys", "init", "--dir", keys]);
  const config = join(folder, "cloud.yaml");
  const key = `platformKey: ${join(keys, "platform.jwk")}`;
  writeFileSync(config, `http: 127.0.0.1:0\nmqtt: ${mqtt}\ndataDir: ${join(folder, "data")}\n${key}\n`);
  const lines: string[] = [];
  const { promise, bring } = awaited<void>("the cloud did not start", 30_000);
  {
    await using _cloud = startChild({
      name: "the cloud",
      args: [PROGRAM, "cloud", "--config", config],
      onLog: () => undefined,
      onLine: (line) => {
        lines.push(line);
        if (line.includes("answers at")) bring();
      },
      onCrash: (reason) => process.stderr.write(`${reason}\n`),
    });
    await promise;
  }
  const warning = "warning: the embedded broker listens beyond this machine, without encryption";
  expect(lines.some((line) => line.startsWith(warning))).toBe(warns);
  rmSync(folder, { recursive: true });
});
