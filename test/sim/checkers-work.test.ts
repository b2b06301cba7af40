import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ALWAYS, IN_THE_END } from "#sim/checkers";
import { draw } from "#sim/explore/draw";
import { PART_FAILS, runDrawn, sentenceOf } from "#sim/explore/run-seed";
import { MUTATIONS } from "./mutations.ts";

/** A checker that needs more than this to notice is not worth its name. */
const SEEDS = 200;
const SENTENCES = [...ALWAYS, ...IN_THE_END].map(({ says }) => says).concat(PART_FAILS);

it("breaks the code once for every checker", () => {
  expect(MUTATIONS.map(({ noticedBy }) => noticedBy).toSorted()).toEqual(SENTENCES.toSorted());
});

it("lists in the documentation what was broken, and who notices", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/exploration.md"), "utf8");
  const rows = MUTATIONS.map(({ noticedBy, breaks }) => `| ${noticedBy} | ${breaks} |`);
  expect(page).toContain(rows.join("\n"));
});

it.each(MUTATIONS)("notices within 200 seeds when $breaks", async ({ noticedBy, rewiring }) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const drawn = draw(seed, "coarse");
    const { violations } = await runDrawn(drawn, [...drawn.troubles.keys()], rewiring);
    if (violations.some((violation) => sentenceOf(violation) === noticedBy)) return;
  }
  expect.fail(`nothing said within ${SEEDS} seeds that it is not so that ${noticedBy}`);
});
