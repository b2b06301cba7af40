import { execFileSync } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";
import { goalText, median, p99, readable, verdict, type Figure } from "./figure.ts";

/** A group of figures under one heading, with what a reader should know about them. */
export interface Chapter {
  readonly title: string;
  readonly figures: readonly Figure[];
  readonly remarks?: readonly string[];
}

/** Where and when a run took place. */
export interface Circumstances {
  /** RFC 3339, to the minute. */
  readonly at: string;
  readonly loadBefore: readonly number[];
  readonly seconds: number;
}

/** The page `docs/measurements.md`. */
export function measurementsPage(chapters: readonly Chapter[], { at, loadBefore, seconds }: Circumstances): string {
  const load = (values: readonly number[]): string => values.map((value) => value.toFixed(1)).join(", ");
  return [
    "<!-- Written by `npm run bench`; the prose is in bench/. -->",
    "",
    "# Measurements",
    "",
    "What `npm run bench` measured, with the real code in real processes; the same command repeats it. A goal is a promise that a",
    "later change must not break unnoticed; p99 is what 99 of 100 samples were at least as good as, and the",
    "worst sample where there are fewer.",
    "",
    "| | |",
    "|---|---|",
    `| when | ${at}, ${seconds.toFixed(0)} s |`,
    `| commit | ${commit()} |`,
    `| machine | ${machine()} |`,
    `| software | Node ${process.versions.node}, SQLite through better-sqlite3, ${process.platform} ${process.arch} |`,
    `| load average | before ${load(loadBefore)}, after ${load(loadavg())}; other work on the machine makes every figure worse |`,
    "",
    ...chapters.flatMap(chapterLines),
  ].join("\n");
}

function chapterLines({ title, figures, remarks = [] }: Chapter): string[] {
  return [
    `## ${title}`,
    "",
    "| what | unit | goal | median | p99 | samples | how |",
    "|---|---|---|---|---|---|---|",
    ...figures.map((figure) => {
      const goal = [goalText(figure), verdict(figure)].filter(Boolean).join(": ");
      const values = [readable(median(figure)), readable(p99(figure)), figure.samples.length].join(" | ");
      return `| ${figure.what} | ${figure.unit} | ${goal} | ${values} | ${figure.how} |`;
    }),
    "",
    ...remarks.flatMap((remark) => [remark, ""]),
  ];
}

/** The same as lines for a terminal. */
export function terminalLines({ title, figures }: Chapter): string[] {
  return [
    title,
    ...figures.map((figure) => {
      const name = `  ${figure.what} (${figure.unit})`.padEnd(66);
      const values = `median ${readable(median(figure)).padStart(8)}   p99 ${readable(p99(figure)).padStart(8)}`;
      const goal = goalText(figure);
      return `${name} ${values}${goal === "" ? "" : `   goal ${goal}: ${verdict(figure)}`}`;
    }),
  ];
}

function commit(): string {
  try {
    const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8" }).trim();
    const isClean = git("status", "--porcelain", "--untracked-files=no") === "";
    return `${git("rev-parse", "--short", "HEAD")}${isClean ? "" : " with changes"}`;
  } catch {
    // An unpacked archive has no history.
    return "unknown";
  }
}

function machine(): string {
  const [first] = cpus();
  return `${cpus().length} × ${first?.model.trim() ?? "unknown"}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
}
