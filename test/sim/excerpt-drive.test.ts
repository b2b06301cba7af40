import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cutExcerpt } from "#cloud/core/equator/excerpt";
import { createEquator } from "#cloud/core/equator/site-map";
import { createSiteWays } from "#cloud/core/planning/site-ways";
import { readMapFolder } from "#cloud/io/map-folder";
import { assert } from "#lib/errors";
import { violationsOf } from "#sim/checkers";
import { draftOf, scenario, Trial } from "./support.ts";

test("the robot finds its way with an excerpt of 8 kB, and the order is fulfilled", async () => {
  const loaded = scenario("short-pick");
  const equator = createEquator(readMapFolder(fileURLToPath(new URL("../../config/maps", import.meta.url))));
  const draft = draftOf(loaded);
  const [x, y] = loaded.scenario.robots[0]!.pose;
  const excerpt = cutExcerpt(equator.map("warehouse")!, { ...draft, from: [x, y] }, createSiteWays(equator));
  assert(excerpt.ok, "the map knows what the order names");
  expect(JSON.stringify(excerpt.spatial).length).toBeLessThanOrEqual(8192);
  const contracts = [{ ...loaded.contracts[0]!, draft: { ...draft, spatial: excerpt.spatial } }];
  await using trial = await Trial.start({ ...loaded, contracts });
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 240);
  await trial.advance(5);
  expect(violationsOf(await trial.evidence())).toEqual([]);
});
