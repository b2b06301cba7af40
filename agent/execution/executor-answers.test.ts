import { describe, expect, it } from "vitest";
import type { Severity } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { DEFAULT_POLICIES } from "../core/policies.ts";
import { ExecutorBench } from "./executor-fixture.ts";

/** What is told of an answer to a failure. */
const ANSWERS = /^(fix|replan|contract\.(aborted|held)|exception|stage\.skipped)/;

interface Row {
  readonly severity: Severity;
  /** How often in a row the hand comes to nothing. */
  readonly slips: number;
  readonly what: string;
  readonly answers: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    severity: "trivial",
    slips: 1,
    what: "goes on, by the contract's own retry",
    answers: ["fix.attempted policy-retry"],
  },
  { severity: "minor", slips: 2, what: "adjusts locally", answers: ["fix.attempted retry", "fix.attempted retry"] },
  { severity: "moderate", slips: 1, what: "tries a local fix", answers: ["fix.attempted retry"] },
  {
    severity: "moderate",
    slips: 3,
    what: "plans anew when no fix helps",
    answers: [
      "fix.attempted retry",
      "fix.attempted retry",
      "replan.requested",
      "replan.refused",
      "replan.refused",
      "fix.attempted policy-retry",
    ],
  },
  {
    severity: "major",
    slips: 1,
    what: "pauses and plans anew at once",
    answers: ["replan.requested", "replan.refused", "replan.refused", "fix.attempted policy-retry"],
  },
  {
    severity: "critical",
    slips: 1,
    what: "halts, tells a human and aborts",
    answers: ["exception", "contract.aborted"],
  },
];

describe("the answer to a failure (document 4, section 6.5)", () => {
  it.each(ROWS)("that is $severity, $slips in a row: $what", async ({ severity, slips, answers }) => {
    const contract = exampleContract({
      failurePolicy: {
        rules: [{ when: "true", strategy: "retry", retry: { attempts: 1, backoffSeconds: 1 } }],
        fallback: "escalate",
        replanBudget: 3,
        offline: "finish",
        severities: { driver_failed: severity },
      },
    });
    const bench = new ExecutorBench();
    bench.policies = DEFAULT_POLICIES;
    bench.robot.slips = slips;
    await bench.boot();
    await bench.accept(contract);
    await bench.until(contract, ({ status }) => status === "completed" || status === "aborted", 120);
    const told = bench.events.flatMap(({ type, data: { fix } }) =>
      ANSWERS.test(type) ? [typeof fix === "string" ? `${type} ${fix}` : type] : [],
    );
    expect(told).toEqual(answers);
    expect(new Set(bench.eventsOf("stage.failed").map(({ data }) => data["severity"]))).toEqual(new Set([severity]));
    expect(bench.state(contract).status).toBe(severity === "critical" ? "aborted" : "completed");
  });
});
