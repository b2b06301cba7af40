import { describe, expect, it } from "vitest";
import { matchesFilter } from "./transport.ts";

describe("matchesFilter", () => {
  it.each([
    ["a/b/c", "a/b/c", true],
    ["a/b/c", "a/b", false],
    ["a/b", "a/b/c", false],
    ["a/+/c", "a/b/c", true],
    ["a/+/c", "a/b/d", false],
    ["a/+", "a/", true],
    ["+", "a/b", false],
    ["a/#", "a", true],
    ["a/#", "a/b/c", true],
    ["a/#", "ab", false],
    ["#", "a/b", true],
    ["#", "$SYS/x", false],
    ["+/x", "$SYS/x", false],
    ["$SYS/#", "$SYS/x", true],
  ])("%s against %s is %s", (filter, topic, matches) => {
    expect(matchesFilter(filter, topic)).toBe(matches);
  });
});
