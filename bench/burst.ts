import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runBurst, type BurstResult } from "./burst/burst-run.ts";

const SIZES = [1000, 3000, 10_000];

/** `npm run bench:burst [-- --devices N --database sqlite|postgres --within SECONDS]`: a fleet comes back all at once. */
async function main(): Promise<void> {
  const { devices, database, within, out } = parseArgs({
    options: {
      devices: { type: "string" },
      database: { type: "string", default: "sqlite" },
      within: { type: "string", default: "10" },
      out: { type: "string", default: "reports/burst" },
    },
  }).values;
  if (database !== "sqlite" && database !== "postgres") return refuse(`--database ${database}: sqlite or postgres`);
  const sizes = devices === undefined ? SIZES : devices.split(",").map(Number);
  if (!sizes.every((size) => Number.isInteger(size) && size > 0))
    return refuse(`--devices ${devices}: a number, or several with commas`);
  const results: BurstResult[] = [];
  for (const size of sizes) {
    results.push(
      await runBurst({
        devices: size,
        database,
        withinSeconds: Number(within),
        say: (line) => process.stdout.write(`${size}: ${line}\n`),
      }),
    );
    process.stdout.write(`${tableOf(results)}\n`);
  }
  mkdirSync(out, { recursive: true });
  const file = join(out, `burst-${database}.json`);
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
  process.stdout.write(`written to ${file}\n`);
}

function refuse(reason: string): void {
  process.stderr.write(`${reason}\n`);
  process.exitCode = 2;
}

/** One line a size. */
function tableOf(results: readonly BurstResult[]): string {
  return [
    "| devices | database | all acked s | all reconciled s | lost | duplicated | reports | replans | resends | peak RSS MB | cloud CPU s | HTTP p99 ms | 201s a second | their p99 ms |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ...results.map((result) => {
      const { devices, database, lost, duplicated, reconciliations, replans, resends } = result;
      const seconds = [result.acknowledgedSeconds, result.reconciledSeconds].map((value) => value.toFixed(1));
      const rest = [
        result.peakMemoryMb,
        result.cloudCpuSeconds,
        result.httpP99Ms,
        result.pushesPerSecond,
        result.pushP99Ms,
      ];
      const cells = [devices, database, ...seconds, lost, duplicated, reconciliations, replans, resends];
      return `| ${[...cells, ...rest.map((value) => value.toFixed(0))].join(" | ")} |`;
    }),
  ].join("\n");
}

await main();
