import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseBoundedJson } from "./bounded-json.ts";

describe("JSON within bounds", () => {
  test("is what JSON.parse makes of it", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(parseBoundedJson(text, 1_000_000)).toEqual(JSON.parse(text));
      }),
    );
  });

  test.each([
    ["no JSON", "{nonsense"],
    ["nothing", ""],
    ["too long a text", `"${"x".repeat(100)}"`],
    ["too deep arrays", "[[[[0]]]]"],
    ["too deep objects", '{"a":{"b":{"c":{}}}}'],
    ["brackets that never close", "[".repeat(90)],
  ])("is not %s", (_what, text) => {
    expect(parseBoundedJson(text, 100, 3)).toBeUndefined();
  });

  test("counts brackets only outside of strings, also after escaped quotes", () => {
    expect(parseBoundedJson(String.raw`["[[[\"[[[", "]\\", [1]]`, 100, 2)).toEqual(['[[["[[[', "]\\", [1]]);
  });
});
