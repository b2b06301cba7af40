import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Figure } from "../figure.ts";

const PROGRAM = fileURLToPath(new URL("./slow-disk.main.ts", import.meta.url));
const SHIM = fileURLToPath(new URL("./slow-fsync.c", import.meta.url));

const Answer = z.object({ one: z.number(), many: z.number(), p99Ms: z.number(), maxMs: z.number() });

/** The agent's store on a disk whose every fsync takes 5 or 20 ms longer. Needs gcc. */
export function slowDiskFigures(): Figure[] {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  try {
    const shim = join(folder, "slow-fsync.so");
    execFileSync("gcc", ["-shared", "-fPIC", "-O2", "-o", shim, SHIM, "-ldl"]);
    const measure = (ms: number): z.infer<typeof Answer> => {
      const env = { ...process.env, LD_PRELOAD: shim, HOLDFAST_FSYNC_MS: String(ms) };
      return Answer.parse(JSON.parse(execFileSync(process.execPath, [PROGRAM], { env, encoding: "utf8" })));
    };
    const [five, twenty] = [measure(5), measure(20)];
    const how = (ms: number): string => `storage worker; every fsync ${ms} ms slower by \`LD_PRELOAD\``;
    const rate = (what: string, sample: number, limit: number): Figure => {
      return { what, unit: "1/s", better: "higher", samples: [sample], goal: { of: "median", limit }, how: how(5) };
    };
    const late = (what: string, sample: number, limit: number): Figure => {
      const settings = `${how(20)}; 1000 events/s in groups meanwhile`;
      return { what, unit: "ms", better: "lower", samples: [sample], goal: { of: "median", limit }, how: settings };
    };
    return [
      rate("goal 3: durable events, one outstanding, slow fsync", five.one, 150),
      rate("goal 3: durable events, 128 outstanding, slow fsync", five.many, 10_000),
      late("goal 7: lateness of the main loop, p99", twenty.p99Ms, 5),
      late("goal 7: lateness of the main loop, worst", twenty.maxMs, 25),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
