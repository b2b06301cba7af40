import { describe, expect, it } from "vitest";
import { readAnswer, retryAfterMs } from "./answers.ts";

const NOW = Date.UTC(2026, 0, 5, 8);

describe("Retry-After", () => {
  it.each([
    ["120", 120_000],
    ["Mon, 05 Jan 2026 08:01:30 GMT", 90_000],
    ["Mon, 05 Jan 2026 07:00:00 GMT", 0],
    ["99999999", 86_400_000],
    ["soon", undefined],
    [undefined, undefined],
  ])("%s is %s ms", (text, ms) => {
    expect(retryAfterMs(text, NOW)).toBe(ms);
  });
});

describe("a planner's answer to two records", () => {
  it.each([
    [
      { status: 429, retryAfter: "7" },
      { kind: "later", waitMs: 7000 },
    ],
    [
      { status: 503, retryAfter: "Mon, 05 Jan 2026 08:00:09 GMT" },
      { kind: "later", waitMs: 9000 },
    ],
    [{ status: 500 }, { kind: "later" }],
    [{ status: 401 }, { kind: "denied" }],
    [
      { status: 403, body: { title: "wrong warehouse" } },
      { kind: "denied", reason: "403: wrong warehouse" },
    ],
    [{ status: 404 }, { kind: "missing" }],
    [{ status: 405 }, { kind: "missing" }],
    [{ status: 302 }, { kind: "missing" }],
    [{ status: 422, body: { title: "bad" } }, { kind: "indivisible" }],
    [{ status: 400 }, { kind: "indivisible" }],
    [{ status: 204 }, { kind: "settled", verdicts: [{ kind: "accepted" }, { kind: "accepted" }] }],
    // A captive portal says 200 to everything.
    [
      { status: 200, body: undefined },
      { kind: "settled", verdicts: [{ kind: "again" }, { kind: "again" }] },
    ],
  ])("%j", (answer, outcome) => {
    expect(readAnswer(["a", "b"], answer, NOW)).toMatchObject(outcome);
  });

  it("has a verdict per record, matched by key; who is not named is sent again", () => {
    const results = [
      { correlation_id: "b", status: 200, replay: true },
      { correlation_id: "c", status: 422, title: "unknown SKU" },
      { correlation_id: "d", status: 503 },
      { correlation_id: "a", status: 201 },
    ];
    expect(readAnswer(["a", "b", "c", "d", "e"], { status: 207, body: { results } }, NOW)).toEqual({
      kind: "settled",
      verdicts: [
        { kind: "accepted" },
        { kind: "replay" },
        { kind: "rejected", reason: "422: unknown SKU" },
        { kind: "again" },
        { kind: "again" },
      ],
    });
  });
});
