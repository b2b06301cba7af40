import { fileURLToPath } from "node:url";
import { decode, encode } from "fast-png";
import { describe, expect, it } from "vitest";
import { checkContract } from "#contract/check";
import { readContractFile } from "#contract/io/contract-file";
import { exampleContract } from "#contract/example";
import { decodeOccupancy, OCCUPIED } from "#contract/occupancy-grid";
import { assert } from "#lib/errors";
import { readMapFolder } from "../../io/map-folder.ts";
import { createSiteWays } from "../planning/site-ways.ts";
import { cutExcerpt, type Errand } from "./excerpt.ts";
import { createEquator } from "./site-map.ts";

const CONFIG = fileURLToPath(new URL("../../../config/", import.meta.url));
const EQUATOR = createEquator(readMapFolder(`${CONFIG}maps`));
const WAREHOUSE = EQUATOR.map("warehouse")!;
const WAYS = createSiteWays(EQUATOR);
const PICK = pick();

describe("the excerpt for the pick", () => {
  it("is at most 8 kB, holds every place that is named, and makes a valid contract", () => {
    const excerpt = cutExcerpt(WAREHOUSE, PICK, WAYS);
    assert(excerpt.ok, "it is cut");
    expect(JSON.stringify(excerpt.spatial).length).toBeLessThanOrEqual(8192);
    const landmarks = excerpt.spatial.landmarks.map(({ id }) => id);
    expect(landmarks).toEqual(expect.arrayContaining(["rack-b-12", "packing-station-2"]));
    expect(excerpt.spatial.zones.map(({ id }) => id)).toEqual(expect.arrayContaining(["kitting-area", "dock-apron"]));
    const { stages, constraints, spatial } = { ...PICK, ...excerpt };
    const scope = { actions: [...new Set(stages.map(({ action }) => action))].map((action) => ({ action })) };
    expect(checkContract(exampleContract({ stages, constraints, spatial, scope, assumptions: [] }))).toMatchObject({
      ok: true,
    });
  });

  it("leaves out what is far from the way", () => {
    const excerpt = cutExcerpt(WAREHOUSE, PICK, WAYS);
    assert(excerpt.ok, "it is cut");
    expect(excerpt.spatial.landmarks.map(({ id }) => id)).not.toContain("charger-1");
  });

  it("of a map four times its size is at most 64 kB, and holds what it held", () => {
    const large = { ...WAREHOUSE, occupancy: fourfold() };
    const excerpt = cutExcerpt(large, PICK, createSiteWays(createEquator([large])));
    assert(excerpt.ok, "it is cut");
    expect(JSON.stringify(excerpt.spatial).length).toBeLessThanOrEqual(64_000);
  });

  it("is drawn coarser where it would be too large, and nothing becomes passable by that", () => {
    const fine = cutExcerpt(WAREHOUSE, PICK, WAYS);
    const coarse = cutExcerpt(WAREHOUSE, PICK, WAYS, { margin: 4, bytesMax: 4500 });
    assert(fine.ok && coarse.ok, "both are cut");
    expect(JSON.stringify(coarse.spatial).length).toBeLessThanOrEqual(4500);
    const [a, b] = [decodeOccupancy(coarse.spatial.occupancy!), decodeOccupancy(fine.spatial.occupancy!)];
    expect(a.resolution).toBeCloseTo(2 * b.resolution);
    const occupied = (cells: Uint8Array): number => cells.reduce((sum, cell) => sum + (cell === OCCUPIED ? 1 : 0), 0);
    expect(occupied(a.cells) * 4).toBeGreaterThanOrEqual(occupied(b.cells));
  });

  it("is refused where even that is too large", () => {
    expect(cutExcerpt(WAREHOUSE, PICK, WAYS, { margin: 4, bytesMax: 1000 })).toMatchObject({
      ok: false,
      problems: [{ path: "/spatial" }],
    });
  });
});

describe("a name that the map does not know", () => {
  it("of a landmark is a problem at its place", () => {
    const [first, ...others] = PICK.stages;
    const stages = [{ ...first!, inputs: { to: "rack-z-99" } }, ...others];
    expect(cutExcerpt(WAREHOUSE, { ...PICK, stages }, WAYS)).toMatchObject({
      problems: [{ path: "/stages/0/inputs/to", value: "rack-z-99" }],
    });
  });

  it("of a zone is a problem at its place", () => {
    const constraints = { ...PICK.constraints, zones: { forbidden: ["kitting-area", "cellar"] } };
    expect(cutExcerpt(WAREHOUSE, { ...PICK, constraints }, WAYS)).toMatchObject({
      problems: [{ path: "/constraints/zones/forbidden/1", value: "cellar" }],
    });
  });
});

it("cuts more where the robot may have to drive home", () => {
  const home = cutExcerpt(WAREHOUSE, { ...PICK, from: undefined, offline: "return-home" }, WAYS);
  const without = cutExcerpt(WAREHOUSE, { ...PICK, from: undefined, offline: "finish" }, WAYS);
  assert(home.ok && without.ok, "both are cut");
  expect(home.spatial.landmarks.map(({ id }) => id)).toContain("amr-staging");
  expect(without.spatial.landmarks.map(({ id }) => id)).not.toContain("amr-staging");
});

function pick(): Errand {
  const { stages, constraints } = exampleContract();
  const read = readContractFile(`${CONFIG}contracts/pick-4521.yaml`) as unknown as Partial<Errand>;
  return { stages, constraints, ...read, from: [-5.5, -1] };
}

/** The same picture in cells half as wide. */
function fourfold(): typeof WAREHOUSE.occupancy {
  const { occupancy } = WAREHOUSE;
  const { width, height, data } = decode(Buffer.from(occupancy.png, "base64"));
  const fine = Uint8Array.from({ length: width * height * 4 }, (_, at) => {
    const [row, column] = [Math.floor(at / (2 * width)), at % (2 * width)];
    return data[Math.floor(row / 2) * width + Math.floor(column / 2)]!;
  });
  const png = encode({ width: 2 * width, height: 2 * height, data: fine, channels: 1, depth: 8 });
  return { ...occupancy, resolution: occupancy.resolution / 2, png: Buffer.from(png).toString("base64") };
}
