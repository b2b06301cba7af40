import { remarksOf, type SimulationResult } from "#sim/result";
import type { RunOutcome } from "./run-once.ts";
import { replayCommand, type BadScenario, type PlannedRun } from "./run-plan.ts";

/** A run and what became of it. */
export interface EndedRun {
  readonly run: PlannedRun;
  readonly outcome: RunOutcome;
}

/**
 * Runs as JUnit XML: a suite a run, a case an expectation; a file that cannot run is a suite with an error. Only elements and
 * attributes of the common subset that Jenkins and GitLab read.
 */
export function junitXml(ended: readonly EndedRun[], bad: readonly BadScenario[]): string {
  const suites = [...ended.map(runSuite), ...bad.map(badSuite)];
  const total = (of: (suite: Suite) => number): number => suites.reduce((sum, suite) => sum + of(suite), 0);
  const all = attributes({
    name: "holdfast sim run",
    tests: total(({ cases }) => cases.length),
    failures: total((suite) => countOf(suite, "failure")),
    errors: total((suite) => countOf(suite, "error")),
    time: seconds(total(({ wallSeconds }) => wallSeconds)),
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${all}>\n${suites.map(suiteXml).join("")}</testsuites>\n`;
}

interface Suite {
  readonly name: string;
  readonly wallSeconds: number;
  readonly cases: readonly Case[];
  readonly properties: Readonly<Record<string, string>>;
}

interface Case {
  readonly name: string;
  readonly wrong?: { readonly element: "failure" | "error"; readonly message: string; readonly text: string };
}

function runSuite({ run, outcome }: EndedRun): Suite {
  const name = run.label;
  if (outcome.type === "ran") return resultSuite(run, outcome.result);
  return brokenSuite(name, outcome.message, `${outcome.message}\nagain: ${replayCommand(run)}`);
}

function resultSuite(run: PlannedRun, result: SimulationResult): Suite {
  const { seed, digest, expectations, wallSeconds, virtualSeconds } = result;
  const remarks = remarksOf(result).map((remark) => `${remark}\n`);
  const replay = `${remarks.join("")}seed ${seed}; again: ${replayCommand(run)}`;
  const cases = expectations.map(({ name, ok, detail }): Case => {
    if (ok) return { name };
    return { name, wrong: { element: "failure", message: detail, text: `${detail}\n${replay}` } };
  });
  // Without expectations the case is that it ran: CI systems overlook a suite without cases.
  return {
    name: run.label,
    wallSeconds,
    cases: cases.length > 0 ? cases : [{ name: "runs to its end" }],
    properties: { seed: String(seed), digest, virtualSeconds: virtualSeconds.toFixed(1) },
  };
}

function badSuite({ file, message }: BadScenario): Suite {
  return brokenSuite(file, message.split("\n")[0]!, message);
}

function brokenSuite(name: string, message: string, text: string): Suite {
  return {
    name,
    wallSeconds: 0,
    cases: [{ name: "can run", wrong: { element: "error", message, text } }],
    properties: {},
  };
}

function suiteXml(suite: Suite): string {
  const { name, cases, wallSeconds } = suite;
  const head = attributes({
    name,
    tests: cases.length,
    failures: countOf(suite, "failure"),
    errors: countOf(suite, "error"),
    skipped: 0,
    time: seconds(wallSeconds),
  });
  const properties = Object.entries(suite.properties).map(
    ([key, value]) => `      <property ${attributes({ name: key, value })}/>\n`,
  );
  const told = properties.length === 0 ? "" : `    <properties>\n${properties.join("")}    </properties>\n`;
  return `  <testsuite ${head}>\n${told}${cases.map((one) => caseXml(one, name)).join("")}  </testsuite>\n`;
}

function caseXml({ name, wrong }: Case, suite: string): string {
  const head = attributes({ classname: suite, name });
  if (!wrong) return `    <testcase ${head}/>\n`;
  const { element, message, text } = wrong;
  const detail = `<${element} ${attributes({ message, type: element })}>${escaped(text)}</${element}>`;
  return `    <testcase ${head}>\n      ${detail}\n    </testcase>\n`;
}

function countOf({ cases }: Suite, element: "failure" | "error"): number {
  return cases.filter(({ wrong }) => wrong?.element === element).length;
}

function seconds(value: number): string {
  return value.toFixed(3);
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escaped(String(value)).replaceAll("\n", "&#10;")}"`)
    .join(" ");
}

/** XML 1.0 has no way to write most control characters, so they become the replacement character. */
function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll(UNWRITABLE, "\uFFFD");
}

const UNWRITABLE = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;
