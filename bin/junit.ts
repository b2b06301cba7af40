import type { SimulationResult } from "#sim/result";

/** Results as JUnit XML: a suite a scenario, a case an expectation. Format: the common subset that CI systems read. */
export function junitXml(results: readonly SimulationResult[]): string {
  const suites = results.map(({ scenario, seed, expectations, wallSeconds }) => {
    const failures = expectations.filter(({ ok }) => !ok).length;
    const cases = expectations.map(({ name, ok, detail }) => {
      const attributes = `classname="${escape(scenario)}" name="${escape(name)}"`;
      if (ok) return `    <testcase ${attributes}/>`;
      return `    <testcase ${attributes}><failure message="${escape(detail)}"/></testcase>`;
    });
    const head = `  <testsuite name="${escape(scenario)} seed ${seed}" tests="${expectations.length}" failures="${failures}" time="${wallSeconds.toFixed(3)}">`;
    return [head, ...cases, "  </testsuite>"].join("\n");
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join("\n")}\n</testsuites>\n`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
