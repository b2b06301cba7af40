import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { quantile } from "#lib/quantile";
import { pictureOf } from "./coverage/coverage-picture.ts";
import { judge, type Judged } from "./coverage/judge.ts";
import { rooms } from "./coverage/rooms.ts";

/** Shares that are planned for, and the ratios of length to bound that they may take. */
const GOALS = [
  { target: 0.95, ratio: 1.25 },
  { target: 0.98, ratio: 1.5 },
] as const;
const MS_PER_M2 = 1000 / 400;
const LEAST_MS = 250;
const WORST_DRAWN = 3;

/** `npm run bench:coverage`: plans thirty generated rooms and the depot; prints a table, writes JSON, and draws the worst. Exit 1 where a goal is missed. */
function main(): void {
  const { values } = parseArgs({
    options: { seed: { type: "string", default: "1" }, out: { type: "string", default: "reports/coverage" } },
  });
  mkdirSync(values.out, { recursive: true });
  const all = rooms(Number(values.seed));
  // The first plan of a process pays for the compiler.
  judge(all[0]!, GOALS[0].target);
  const done = GOALS.flatMap(({ target, ratio }) =>
    all.map((room) => ({ room, limit: ratio, ...judge(room, target) })),
  );
  process.stdout.write(`${tableOf(done)}\n\n${summaryOf(done)}\n`);
  writeFileSync(join(values.out, "coverage.json"), `${JSON.stringify(done.map(({ judged }) => judged), undefined, 2)}\n`); // prettier-ignore
  const worst = done.toSorted((a, b) => b.judged.ratio / b.limit - a.judged.ratio / a.limit).slice(0, WORST_DRAWN);
  for (const [at, { room, plan, judged }] of worst.entries()) {
    const file = join(values.out, `worst-${at + 1}.svg`);
    writeFileSync(file, pictureOf(room, plan, judged));
    process.stdout.write(`${judged.room} at ${percent(judged.target)}: ${file}\n`);
  }
  if (done.some((one) => missesOf(one).length > 0)) process.exitCode = 1;
}

interface Done {
  readonly judged: Judged;
  readonly limit: number;
}

function missesOf({ judged, limit }: Done): string[] {
  const { covered, target, ratio, collisions, planMs, area } = judged;
  return [
    ...(covered < target ? ["coverage"] : []),
    ...(ratio > limit ? ["ratio"] : []),
    ...(collisions > 0 ? ["collisions"] : []),
    ...(planMs > Math.max(LEAST_MS, area * MS_PER_M2) ? ["time"] : []),
  ];
}

function tableOf(done: readonly Done[]): string {
  const head = ["room", "target", "area", "covered", "ratio", "overlap", "turns", "colliding poses", "planning (CPU)", "missed"]; // prettier-ignore
  const rows = done.map((one) => {
    const { room, target, area, covered, ratio, overlap, turns, collisions, poses, planMs } = one.judged;
    return [
      room,
      percent(target),
      `${area.toFixed(0)} m²`,
      percent(covered),
      ratio.toFixed(2),
      percent(overlap),
      `${turns}`,
      `${collisions} of ${poses}`,
      `${planMs.toFixed(0)} ms`,
      missesOf(one).join(", ") || "–",
    ];
  });
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function summaryOf(done: readonly Done[]): string {
  return GOALS.map(({ target, ratio }) => {
    const of = done.filter(({ judged }) => judged.target === target).map(({ judged }) => judged);
    const ratios = of.map((one) => one.ratio);
    const met = done.filter((one) => one.judged.target === target && missesOf(one).length === 0).length;
    const shares = of.map(({ covered }) => covered);
    const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
    return `target ${percent(target)}, ratio at most ${ratio}: ${met} of ${of.length} rooms; covered mean ${percent(mean(shares))}, least ${percent(Math.min(...shares))}; ratio mean ${mean(ratios).toFixed(3)}, median ${quantile(ratios, 0.5).toFixed(3)}, worst ${Math.max(...ratios).toFixed(3)}`;
  }).join("\n");
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

main();
