import { describe, expect, it } from "vitest";
import { type IndexedRun, renderIndex } from "./index-page.ts";

function run(scenario: string, ok: boolean): IndexedRun {
  const expectations = [{ name: "safe", ok, detail: "collisions == 0 is false" }];
  const result = {
    outcome: ok ? "passed" : "failed",
    virtualSeconds: 61,
    expectations,
    devices: [],
  } as const;
  return { folder: `${scenario}/seed 7`, label: `${scenario} seed 7`, result };
}

describe("renderIndex", () => {
  it("puts failed runs first and says what they missed", () => {
    const page = renderIndex([run("aisle", true), run("dock", false)]);
    expect(page).toContain("<h1>Scenarios: 1 of 2 failed</h1>");
    expect(page.indexOf("dock seed 7")).toBeLessThan(page.indexOf("aisle seed 7"));
    expect(page.match(/<strong>missed<\/strong>/g)).toHaveLength(1);
  });

  it("links to the report of each run by an address that a browser can follow", () => {
    expect(renderIndex([run("a&b", true)])).toContain('href="a%26b/seed%207/report.html"');
  });

  it("lets no scenario's name become markup", () => {
    expect(renderIndex([run("<script>", true)])).not.toContain("<script>");
  });
});
