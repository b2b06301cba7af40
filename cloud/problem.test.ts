import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RejectReason } from "#contract/event";
import { PROBLEMS, problem, refuseContract } from "./problem.ts";

const page = readFileSync(new URL("../docs/problems.md", import.meta.url), "utf8");

describe("docs/problems.md", () => {
  it.each(Object.entries(PROBLEMS))("lists %s with its status", (word, [status]) => {
    expect(page).toContain(`| \`${word}\` | ${status} |`);
  });

  it.each(RejectReason.options)("names the reason %s", (reason) => {
    expect(page).toContain(`\`${reason}\``);
  });
});

it("a problem carries its word, status, detail and members", () => {
  expect(problem("device_busy", "amr-07 is busy", { contractId: "c" })).toEqual({
    type: "urn:holdfast:problem:device_busy",
    title: "The device already has an active contract",
    status: 409,
    detail: "amr-07 is busy",
    contractId: "c",
  });
});

it("a refused contract lists what is wrong with it under the reason", () => {
  const errors = [{ path: "/stages", message: "too many" }];
  expect(refuseContract("infeasible", "no", errors)).toMatchObject({
    ok: false,
    problem: { type: "urn:holdfast:problem:infeasible", status: 422, errors },
  });
});
