import { describe, expect, it } from "vitest";
import { fileURLToPath } from "node:url";
import { loadYaml } from "#lib/node/yaml-file";
import type { Stage } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { DEFAULT_LOCAL_FIXES, LocalFixes, nextFix, type FixInput, type LocalFix } from "./local-fixes.ts";

const [drive, pick] = exampleContract().stages as [Stage, Stage];
const alternatives = [{ inputs: { to: "station" } }, { action: "wait", inputs: { seconds: 5 } }];

function fixFor(
  code: string,
  more: Partial<FixInput> = {},
  fixes: LocalFixes = DEFAULT_LOCAL_FIXES,
): LocalFix | undefined {
  return nextFix(fixes, { stage: drive, known: { fixes: {} }, code, chance: 0.5, isContractWide: false, ...more });
}

describe("local fixes", () => {
  it("are those of the shipped file", () => {
    const path = fileURLToPath(new URL("../../config/policies/local-fixes.yaml", import.meta.url));
    expect(loadYaml(path, LocalFixes)).toEqual(DEFAULT_LOCAL_FIXES);
  });

  it("are tried in their order, each as often as it may be, and then no more", () => {
    const stage = { ...drive, alternatives };
    const used: Record<string, number> = {};
    const tried: string[] = [];
    for (let fix = fixFor("no_route", { stage }); fix; fix = fixFor("no_route", { stage, known: { fixes: used } })) {
      used[fix.fix] = fix.n;
      tried.push(`${fix.fix} ${fix.n}`);
    }
    const shifts = ["other-approach 1", "other-approach 2", "other-approach 3"];
    expect(tried).toEqual(["retry 1", "alternative 1", "alternative 2", ...shifts, "less-room 1"]);
  });

  it.each<[string, Partial<FixInput>, object]>([
    ["blocked", { known: { fixes: { retry: 1 } } }, { fix: "slower", changes: { speedShare: 0.5 } }],
    ["goal_occupied", { known: { fixes: { retry: 1 } } }, { fix: "other-approach", changes: { goalShift: [-0.1, 0] } }],
    ["blocked", { known: { fixes: { retry: 1, slower: 1 } } }, { fix: "less-room", changes: { roomShare: 0.5 } }],
    ["driver_failed", { stage: pick }, { fix: "retry", n: 1 }],
  ])("for %s with %j are %j", (code, more, expected) => {
    expect(fixFor(code, more) ?? "none").toMatchObject(expected);
  });

  it.each<[string, Partial<FixInput>]>([
    ["unheard_of", {}],
    ["blocked", { stage: { ...drive, action: "wait" } }],
    ["blocked", { stage: { ...drive, action: "constructor" } }],
  ])("for %s with %j are none", (code, more) => {
    expect(fixFor(code, more)).toBeUndefined();
  });

  it("say the action and the inputs of the stage's alternative", () => {
    const known = { fixes: { retry: 1, alternative: 1 } };
    expect(fixFor("blocked", { stage: { ...drive, alternatives }, known })).toMatchObject({
      changes: { action: "wait", inputs: { seconds: 5 }, alternative: 1 },
    });
  });

  it("wait longer each time, up to a limit, spread by chance", () => {
    const fixes: LocalFixes = { navigate: [{ fix: "retry", attempts: 9, baseSeconds: 2, capSeconds: 10 }] };
    const delays = [0, 1, 2, 3, 4].map((retry) => fixFor("blocked", { known: { fixes: { retry } } }, fixes)?.delayMs);
    expect(delays).toEqual([1000, 2000, 4000, 5000, 5000]);
    expect(fixFor("blocked", { chance: 0 }, fixes)?.delayMs).toBe(0);
  });

  it("answer a constraint of the contract only where they name it", () => {
    const stage = { ...drive, alternatives };
    expect(fixFor("speed_exceeded", { stage, isContractWide: true })).toMatchObject({ fix: "slower" });
    expect(fixFor("window_passed", { stage, isContractWide: true })).toBeUndefined();
  });
});
