import { decode } from "fast-png";
import { UNKNOWN } from "#contract/occupancy-grid";
import { describe, expect, it } from "vitest";
import { renderPng } from "./png-report.ts";
import { sampleRecord } from "./sample-record.ts";
import { renderReport } from "./svg-report.ts";

/** Pixels that are darker than the ground of the page. */
function inkOf(png: Uint8Array): number {
  const { data, channels } = decode(png);
  let dark = 0;
  for (let at = 0; at < data.length; at += channels) if (data[at]! < 128) dark++;
  return dark;
}

function page(text: string, family = "Helvetica, Arial, sans-serif"): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="40" font-family="${family}"><rect width="300" height="40" fill="#fff"/><text x="10" y="25">${text}</text></svg>`;
}

describe("renderPng", () => {
  it("is a PNG of the size of the page", () => {
    const svg = renderReport(sampleRecord());
    const { width, height } = decode(renderPng(svg));
    expect(width).toBe(1400);
    expect(height).toBe(Number(/height="(\d+)"/.exec(svg)![1]));
  });

  it("draws a run in a corner of a map that is many times as large as the page", () => {
    const size = { width: 2000, height: 3000 };
    const cells = new Uint8Array(size.width * size.height).fill(UNKNOWN, 1_600_000, 1_700_000);
    const map = { ...size, resolution: 0.1, originX: -30, originY: -100, cells };
    expect(inkOf(renderPng(renderReport(sampleRecord({ map }))))).toBeGreaterThan(1000);
  });

  it("writes words with the fonts that come along, whatever family is asked for", () => {
    expect(inkOf(renderPng(page(" ")))).toBe(0);
    expect(inkOf(renderPng(page("Rack B-12")))).toBeGreaterThan(100);
    expect(renderPng(page("Rack B-12", "No Such Face"))).toEqual(renderPng(page("Rack B-12")));
  });

  it("has every letter that a report writes by itself", () => {
    const missing = renderPng(page("\u{F0000}"));
    const pictures = Array.from("aäßéńΩж–—…·×−≤≥≈→€°±²", (letter) => renderPng(page(letter)));
    expect(pictures.filter((picture) => inkOf(picture) === 0)).toEqual([]);
    expect(pictures).not.toContainEqual(missing);
  });

  it("writes bold text bolder", () => {
    const bold = page("Rack B-12").replace("<text", '<text font-weight="bold"');
    expect(inkOf(renderPng(bold))).toBeGreaterThan(inkOf(renderPng(page("Rack B-12"))) * 1.15);
  });
});
