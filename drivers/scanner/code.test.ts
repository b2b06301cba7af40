import { describe, expect, it } from "vitest";
import { bytesOf } from "../framing/bytes.ts";
import { framesOf } from "../framing/frame-decoder.ts";
import { fixtureFrames } from "../framing/frame-fixtures.ts";
import { readCode } from "./code.ts";
import { LINE_FORMAT } from "./codec.ts";

describe("a scanned code", () => {
  it.each(fixtureFrames("barcode-serial"))("reads $name", ({ bytes, decoded }) => {
    const [line, ...others] = framesOf(LINE_FORMAT, bytes);
    expect(others).toEqual([]);
    const read = readCode(line!);
    const elements = "AI" in decoded ? { elements: decoded["AI"] } : {};
    const { aim, symbology } = decoded;
    expect(read).toEqual({ ok: true, code: { aim, symbology, ...elements, data: expect.any(String) as string } });
  });

  it.each([
    ["]C100340123450000000018", "check_digit"],
    ["]E09506000134353", "check_digit"],
    ["]E0950600013435", "check_digit"],
    ["]C10034012345", "elements"],
    ["]d2", "empty"],
    ["\x07\x1b", "empty"],
    ["]C1ABC", "elements"],
  ])("refuses %j: %s", (line, reason) => {
    expect(readCode(line)).toEqual({ ok: false, reason });
  });

  it("takes lines that end with CR, LF or both, or with nothing but an end that is pushed", () => {
    expect(framesOf(LINE_FORMAT, bytesOf("A-1\rB-2\nC-3\r\n\r\nD-4"))).toEqual(["A-1", "B-2", "C-3"]);
  });

  it("drops what would command a terminal", () => {
    expect(readCode("\x1b[31mBIN\x9b-7\x00")).toEqual({ ok: true, code: { data: "[31mBIN-7" } });
  });

  it("reads elements of four-digit identifiers and of variable length", () => {
    expect(readCode("]C13103001250\x1d10LOT7\x1d3712")).toMatchObject({
      code: { elements: { "3103": "001250", "10": "LOT7", "37": "12" } },
    });
  });
});
