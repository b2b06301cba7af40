import { describe, expect, it } from "vitest";
import { fitText, textWidth, wrapEvenly, wrapText } from "./text.ts";

describe("textWidth", () => {
  it("is no smaller than what Arial and DejaVu Sans need", () => {
    // Advance widths of the two faces at 1000 units an em, taken from their metrics.
    const arial = { A: 667, W: 944, i: 222, m: 833, "0": 556, "@": 1015, "%": 889, G: 778, r: 333, " ": 278 };
    const dejavu = { A: 684, W: 989, i: 278, m: 974, "0": 636, "@": 1000, "%": 950, G: 775, r: 411, " ": 318 };
    for (const [face, tolerance] of [
      [arial, 0.02],
      [dejavu, 0],
    ] as const) {
      for (const [character, units] of Object.entries(face)) {
        expect(textWidth(character, 1) + tolerance).toBeGreaterThanOrEqual(units / 1000);
      }
    }
  });

  it("grows with the size, and with bold", () => {
    expect(textWidth("abc", 22)).toBeCloseTo(2 * textWidth("abc", 11));
    expect(textWidth("abc", 11, "bold")).toBeGreaterThan(textWidth("abc", 11));
  });
});

describe("wrapText", () => {
  it("fills lines, loses no word, and keeps to the width", () => {
    const words = "the robot drives on around obstacles that the map does not show";
    const lines = wrapText(words, 120, 13);
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.join(" ")).toBe(words);
    expect(lines.every((line) => textWidth(line, 13) <= 120)).toBe(true);
  });

  it("cuts a word that is wider than a line", () => {
    const [line] = wrapText("x".repeat(100), 60, 13);
    expect(line).toMatch(/^x+…$/);
    expect(textWidth(line!, 13)).toBeLessThanOrEqual(60);
  });

  it("has no lines for no text", () => {
    expect(wrapText("  ", 100, 13)).toEqual([]);
  });
});

describe("wrapEvenly", () => {
  it("leaves no single word on the last line when there is a better break", () => {
    const title = "one two three four five six seven eight nine ten";
    const width = textWidth(title, 22) - 5;
    expect(wrapText(title, width, 22)).toEqual(["one two three four five six seven eight nine", "ten"]);
    const [first, second, ...rest] = wrapEvenly(title, width, 22);
    expect(rest).toEqual([]);
    expect(`${first} ${second}`).toBe(title);
    expect(textWidth(second!, 22)).toBeGreaterThan(textWidth(first!, 22) * 0.6);
  });

  it("keeps one line one line", () => {
    expect(wrapEvenly("a short title", 1000, 22)).toEqual(["a short title"]);
  });
});

describe("fitText", () => {
  it("keeps what fits and shortens what does not", () => {
    expect(fitText("short", 100, 11)).toBe("short");
    const shortened = fitText("a rather long goal of a stage", 80, 11);
    expect(shortened.endsWith("…")).toBe(true);
    expect(textWidth(shortened, 11)).toBeLessThanOrEqual(80);
  });

  it("is empty when not even one letter fits", () => {
    expect(fitText("long", 3, 11)).toBe("");
  });
});
