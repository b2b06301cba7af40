import { expect, it } from "vitest";
import { nameHint, nearestName } from "./nearest-name.ts";

it.each([
  ["robtos", ["robots", "people"], "robots"],
  ["Until", ["until", "title"], "until"],
  ["amr-70", ["amr-07", "amr-08"], "amr-07"],
  ["obstacle", ["obstacles", "contracts"], "obstacles"],
  ["wind", ["until", "title"], undefined],
  ["x", [], undefined],
])("%s among %j means %s", (wrong, known, meant) => expect(nearestName(wrong, known)).toBe(meant));

it("names what there is where nothing is near", () => {
  expect(nameHint("wind", ["until", "title"])).toBe("; there is until, title");
  expect(nameHint("wind", [])).toBe("");
});
