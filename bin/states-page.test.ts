import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { statesPage } from "./states-page.ts";

it("docs/states.md is current (npm run generate)", () => {
  const page = readFileSync(join(import.meta.dirname, "..", "docs/states.md"), "utf8");
  expect(page).toBe(statesPage());
});
