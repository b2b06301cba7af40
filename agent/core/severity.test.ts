import { describe, expect, it } from "vitest";
import { checkContract } from "#contract/check";
import type { Severity } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { loadYaml } from "#lib/node/yaml-file";
import { DEFAULT_SEVERITY_POLICY, SeverityPolicy, severityOf } from "./severity.ts";

const { failurePolicy } = exampleContract();
const judging = (severities: Record<string, Severity>): ReturnType<typeof exampleContract> =>
  exampleContract({ failurePolicy: { ...failurePolicy, severities } });

describe("the table of severities", () => {
  it("is the one that ships", () => {
    const path = new URL("../../config/policies/severity.yaml", import.meta.url).pathname;
    expect(loadYaml(path, SeverityPolicy)).toEqual(DEFAULT_SEVERITY_POLICY);
  });

  it.each<[what: string, code: string, contract: Record<string, Severity>, severity: Severity]>([
    ["the device's table decides where the contract says nothing", "blocked", {}, "moderate"],
    ["the contract may judge milder", "blocked", { blocked: "minor" }, "minor"],
    ["the contract may judge worse", "blocked", { blocked: "critical" }, "critical"],
    ["a code that nobody thought about is major", "meteorite", {}, "major"],
    ["a code of the contract's own is what it says", "meteorite", { meteorite: "trivial" }, "trivial"],
    ["a firm one is not made milder", "zone_forbidden", { zone_forbidden: "trivial" }, "major"],
    ["a firm one may be made worse", "zone_forbidden", { zone_forbidden: "critical" }, "critical"],
    ["a name that every object has is no code", "constructor", {}, "major"],
  ])("%s", (_what, code, severities, severity) => {
    expect(severityOf(code, DEFAULT_SEVERITY_POLICY, judging(severities))).toBe(severity);
  });

  it("takes no other words than the five levels from a contract", () => {
    const wrong = { ...failurePolicy, severities: { blocked: "annoying" } };
    expect(checkContract({ ...exampleContract(), failurePolicy: wrong }).ok).toBe(false);
    expect(checkContract(judging({ blocked: "minor" })).ok).toBe(true);
  });
});
