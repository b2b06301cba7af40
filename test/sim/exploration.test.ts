import { spawnSync } from "node:child_process";
import { expect, it, onTestFailed } from "vitest";
import { explore, type Exploration } from "#sim/explore/explore";
import { failureText } from "#sim/explore/failure";
import { draw, type Motion, withTroubles } from "#sim/explore/draw";
import { settle, simulate } from "#sim/simulate";
import { IS_LONG } from "./support.ts";

/** Seeds that every push runs, and how many it adds that no push before has run. */
const FIXED = IS_LONG ? { coarse: 10_000, full: 200 } : { coarse: 200, full: 7 };
const DRAWN = { coarse: 100, full: 3 };
/** Away from the fixed ones. */
const DRAWN_FROM = 1_000_000;

/** Seeds that have found a bug; `docs/exploration.md` tells which. */
const FOUND_BY = [
  55, 56, 61, 88, 98, 106, 117, 125, 126, 128, 135, 138, 143, 175, 181, 217, 221, 325, 410, 451, 476, 503, 604, 972,
  1245, 1317, 1804, 2303, 3426, 4205,
];

it.each(["coarse", "full"] as const)(
  "nothing is that must not be in %s motion, on seeds that are always the same",
  async (motion) => {
    expect(failuresOf(await run(motion, 1, FIXED[motion]))).toEqual([]);
  },
);

it.each(["coarse", "full"] as const)(
  "nothing is that must not be in %s motion, on seeds that this commit draws",
  async (motion) => {
    const from = DRAWN_FROM + (commitNumber() % DRAWN_FROM);
    expect(failuresOf(await run(motion, from, from + DRAWN[motion] - 1))).toEqual([]);
  },
);

it.each(FOUND_BY)("a bug that seed %i found stays mended", async (seed) => {
  expect(failuresOf(await run("coarse", seed, seed))).toEqual([]);
});

it("equal seeds give equal digests, whatever process runs them", async () => {
  const [here, elsewhere] = [await run("coarse", 1, 6, 1), await run("coarse", 1, 6, 2)];
  expect(elsewhere.digest).toBe(here.digest);
});

it("a run that is paced gives the digest of one that is not", async () => {
  const drawn = draw(3, "coarse");
  const loaded = withTroubles(drawn, drawn.troubles);
  const options = { seed: drawn.seed, realMs: () => 0 };
  const free = await simulate(loaded, options);
  const paced = await simulate(loaded, { ...options, onSlice: dawdle });
  expect(paced.result.digest).toBe(free.result.digest);
});

/** In a process of its own: vitest takes such a throw for a failure of the test. */
const RUN_WITH_STRAY = `
import { draw } from "#sim/explore/draw";
import { runDrawn } from "#sim/explore/run-seed";
const verifier = (own) => ({ verify: (...asked) => (void Promise.reject(new RangeError("nobody waits")), own.verify(...asked)) });
const { violations } = await runDrawn(draw(1, "coarse"), [], { verifier });
process.stdout.write(violations.join());
`;

it("what a part throws where nobody waits for it is a violation, not the end of the exploration", () => {
  const args = ["--input-type=module", "--eval", RUN_WITH_STRAY];
  const { stdout, status } = spawnSync(process.execPath, args, { cwd: import.meta.dirname, encoding: "utf8" });
  expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringMatching(/^no part fails: RangeError/) });
});

function run(motion: Motion, from: number, to: number, processes = 2): Promise<Exploration> {
  return explore({
    seeds: { from, to },
    motion,
    processes: Math.min(processes, to - from + 1),
    isTimeUp: () => false,
    onReport: () => undefined,
  });
}

/** What was violated, and how that is replayed; the whole story goes to stderr when the test fails. */
function failuresOf({ failures }: Exploration): object[] {
  onTestFailed(() => {
    for (const failure of failures) process.stderr.write(`\n${failureText(failure, "of this checkout")}`);
  });
  return failures.map(({ replay, violations }) => ({ replay, violations }));
}

/** Some number that every commit has another of; zero where there is none. */
function commitNumber(): number {
  const { status, stdout } = spawnSync("git", ["rev-parse", "HEAD"], { cwd: import.meta.dirname, encoding: "utf8" });
  return status === 0 ? Number.parseInt(stdout.slice(0, 8), 16) : 0;
}

/** What else a process does between two slices of virtual time. */
async function dawdle(virtualMs: number): Promise<void> {
  for (let turn = 0; turn < virtualMs % 7; turn++) await settle();
}
