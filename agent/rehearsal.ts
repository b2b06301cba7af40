import { encode } from "fast-png";
import { assert } from "#lib/errors";
import { checkContract } from "#contract/check";
import { exampleContract } from "#contract/example";

/** A map of 26 m x 26 m in cells of 5 cm: enough cells that the decoder's loops are compiled. */
const SIDE_CELLS = 512;
const RESOLUTION = 0.05;
const FREE_VALUE = 254;

/**
 * Reads a contract of our own, as those that arrive will be read. Schemas, expressions and the map decoder are compiled when
 * they are first used, which takes longer than reading a contract does; so the first one would be answered late.
 */
export function rehearse(): void {
  const corner = (-SIDE_CELLS / 2) * RESOLUTION;
  const { spatial } = exampleContract();
  const occupancy = {
    resolution: RESOLUTION,
    origin: [corner, corner, 0] as [number, number, number],
    negate: 0 as const,
    occupied_thresh: 0.65,
    free_thresh: 0.196,
    png: Buffer.from(blankPng()).toString("base64"),
  };
  const checked = checkContract(exampleContract({ spatial: { ...spatial, occupancy } }));
  assert(checked.ok, "the example is a contract");
}

function blankPng(): Uint8Array {
  const data = new Uint8Array(SIDE_CELLS * SIDE_CELLS).fill(FREE_VALUE);
  return encode({ width: SIDE_CELLS, height: SIDE_CELLS, channels: 1, depth: 8, data });
}
