import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { DAMAGES } from "#sim/storage/corruption/damage";
import { makeSpecimen } from "#sim/storage/corruption/specimen";
import { trialFolder, tryDamage, type Trial } from "#sim/storage/corruption/trial";

/** `npm run bench:corruption [-- --trials N]`: starts a device on databases that are damaged at random, and counts what it still knows. */
async function main(): Promise<void> {
  const { trials: count } = parseArgs({ options: { trials: { type: "string", default: "1000" } } }).values;
  const folder = trialFolder();
  const trials: Trial[] = [];
  try {
    const specimen = await makeSpecimen(folder);
    for (let seed = 1; seed <= Number(count); seed++) trials.push(await tryDamage(specimen, seed));
  } finally {
    rmSync(folder, { recursive: true });
  }
  process.stdout.write(`${tableOf(trials).join("\n")}\n`);
}

/** Markdown. */
function tableOf(trials: readonly Trial[]): string[] {
  const rows = DAMAGES.map((damage) =>
    rowOf(
      damage,
      trials.filter((trial) => trial.damage === damage),
    ),
  );
  return [
    "| damage | starts | unharmed | contract kept | events kept that the cloud did not have: median, worst | never written |",
    "|---|---|---|---|---|---|",
    ...rows,
    rowOf("all", trials),
  ];
}

function rowOf(name: string, trials: readonly Trial[]): string {
  const shares = trials.map(({ kept, ofUnacknowledged }) => kept / ofUnacknowledged).toSorted((a, b) => a - b);
  const percent = (share: number | undefined): string => (share === undefined ? "–" : `${(100 * share).toFixed(1)} %`);
  const unharmed = trials.filter(({ outcome }) => outcome === "unharmed").length;
  const contracts = trials.filter(({ hasContract }) => hasContract).length;
  const invented = trials.reduce((sum, trial) => sum + trial.invented, 0);
  const middle = percent(shares[Math.floor(shares.length / 2)]);
  return `| ${name} | ${trials.length} | ${unharmed} | ${contracts} | ${middle}, ${percent(shares[0])} | ${invented} |`;
}

await main();
