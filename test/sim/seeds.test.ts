import { expect, test } from "vitest";
import { createRng } from "#lib/rng";
import { violationsOf } from "#sim/checkers";
import { simulate, type Simulation } from "#sim/simulate";
import { drawWeather } from "#sim/weather";
import { DEVICE, IS_LONG, onFailureReplay, scenario } from "./support.ts";

const SEEDS = Array.from({ length: IS_LONG ? 200 : 20 }, (_, at) => at + 1);
/** Weather in which the push itself is never confirmed: revoked in its session, and expired in a later one. */
const UNCONFIRMED = [28, 82];
/** The rest of the 120 s of a run is for coming back. */
const CALM_AT_MS = 65_000;

test.each([...new Set([...SEEDS, ...UNCONFIRMED])])(
  "the pick is done and reconciled in any weather (seed %i)",
  async (seed) => {
    onFailureReplay("seeds", seed);
    const { evidence, pushes } = await run(seed);
    expect(violationsOf(evidence)).toEqual([]);
    // A push that was not confirmed in time is revoked, unless the device has taken it on after all: both are ends.
    const endings = pushes[0]?.status === 504 ? ["completed", "expired", "released"] : ["completed"];
    expect(endings).toContain(evidence.contracts[0]?.status);
  },
);

test.each(SEEDS.filter((seed) => seed % 20 === 0))("the same seed gives the same run (seed %i)", async (seed) => {
  onFailureReplay("seeds", seed);
  const [first, second] = [await run(seed), await run(seed)];
  expect(second.result.digest).toBe(first.result.digest);
});

test.each(UNCONFIRMED)("a push that is never confirmed moves nothing (seed %i)", async (seed) => {
  onFailureReplay("seeds", seed);
  const { evidence, pushes } = await run(seed);
  expect(pushes[0]?.status).toBe(504);
  expect(evidence.movements).toEqual([]);
});

test("different seeds give different runs", async () => {
  const [first, second] = [await run(1), await run(2)];
  expect(second.result.digest).not.toBe(first.result.digest);
});

async function run(seed: number): Promise<Simulation> {
  const climate = { places: [DEVICE, "cloud"], calmAtMs: CALM_AT_MS };
  const network = drawWeather(createRng(seed).fork("weather"), climate);
  return simulate(scenario("short-pick", { network }), { seed, realMs: () => 0 });
}
