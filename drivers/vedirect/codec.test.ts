import { describe, expect, it } from "vitest";
import { bytesOf, concatBytes } from "../framing/bytes.ts";
import { framesOf } from "../framing/frame-decoder.ts";
import { fixtureFrames } from "../framing/frame-fixtures.ts";
import { encodeVeText, VEDIRECT_FORMAT, type VeFrame } from "./codec.ts";

const frames = fixtureFrames("victron-vedirect");
const [{ bytes: first }, { bytes: second }] = frames as [(typeof frames)[0], (typeof frames)[0]];

describe("the codec of VE.Direct", () => {
  it.each(frames)("decodes $name", ({ bytes, decoded }) => {
    const [block, ...others] = framesOf(VEDIRECT_FORMAT, bytes) as Extract<VeFrame, { type: "text" }>[];
    expect(others).toEqual([]);
    expect(Object.fromEntries(block!.fields)).toEqual(decoded);
    expect(encodeVeText(block!.fields)).toEqual(bytes);
  });

  it.each(["\r", "\n", "\t", ":", "\0"])("takes %j for a checksum", (checksum) => {
    const blocks = Array.from({ length: 26 * 26 * 16 }, (_, at) => {
      const letters = String.fromCharCode(0x41 + (at % 26), 0x41 + (Math.floor(at / 26) % 26));
      return encodeVeText(new Map([["V", letters + "z".repeat(at / 676)]]));
    }).filter((bytes) => bytes.at(-1) === checksum.charCodeAt(0));
    expect(blocks.length).toBeGreaterThan(0);
    for (const bytes of blocks) expect(framesOf(VEDIRECT_FORMAT, concatBytes(bytes, first))).toHaveLength(2);
  });

  it("takes HEX messages out, between blocks and within them", () => {
    const hex = bytesOf(":A0102000543\n");
    const within = concatBytes(first.subarray(0, 20), hex, first.subarray(20));
    const kinds = framesOf(VEDIRECT_FORMAT, concatBytes(hex, within, hex, second)).map(({ type }) => type);
    expect(kinds).toEqual(["hex", "text", "hex", "text"]);
  });

  it("gives up a block whose end was lost, but not the next one", () => {
    const block = framesOf(VEDIRECT_FORMAT, concatBytes(first.subarray(0, 40), first));
    expect(block).toHaveLength(1);
  });

  it("refuses a block of which the beginning was lost", () => {
    for (let lost = 1; lost < first.length; lost++) {
      expect(framesOf(VEDIRECT_FORMAT, first.subarray(lost))).toEqual([]);
    }
  });
});
