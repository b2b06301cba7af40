import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DAMAGES } from "./damage.ts";
import { makeSpecimen, type Specimen } from "./specimen.ts";
import { trialFolder, tryDamage } from "./trial.ts";

const SEEDS = 40;

let folder: string;
let specimen: Specimen;

beforeAll(async () => {
  folder = trialFolder();
  specimen = await makeSpecimen(folder);
});

afterAll(() => rmSync(folder, { recursive: true }));

test.each(Array.from({ length: SEEDS }, (_, seed) => seed + 1))(
  "a device starts on a database that is damaged at random, and tells nothing that did not happen (seed %i)",
  async (seed) => {
    const trial = await tryDamage(specimen, seed);
    expect(trial).toMatchObject({ invented: 0, isOriginalKept: true });
    expect(trial.isAtWork).toBe(trial.hasContract && trial.outcome === "unharmed");
  },
);

test("a device whose pages are zeroed goes on with what is left, its contract held", async () => {
  const trial = await tryDamage(specimen, 1, "pages zeroed");
  expect(trial).toMatchObject({ outcome: "salvaged", hasContract: true, isAtWork: false });
  expect(trial.kept).toBeGreaterThan(trial.ofUnacknowledged / 2);
});

test("a device whose file was lost takes up what its log holds", async () => {
  const trial = await tryDamage(specimen, 1, "file missing, log left");
  expect(trial.outcome).toBe("salvaged");
  expect(trial.kept).toBeGreaterThan(0);
});

test("flipped bits in the log cost few events, not all that follow", async () => {
  const trials = await Promise.all(DAMAGES.map((_, seed) => tryDamage(specimen, seed, "bytes flipped in the log")));
  const salvaged = trials.filter(({ outcome }) => outcome === "salvaged");
  expect(salvaged.length).toBeGreaterThan(0);
  expect(Math.min(...salvaged.map(({ kept, ofUnacknowledged }) => kept - ofUnacknowledged))).toBeGreaterThan(-60);
});
