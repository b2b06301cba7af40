import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeOccupancy, type OccupancyGrid } from "#contract/occupancy-grid";
import type { Landmark } from "#contract/spatial";
import { createRng } from "#lib/rng";
import type { DeviceRecord, Mark, RunRecord } from "../record.ts";
import { type Box, intersects, isWithin } from "./box.ts";
import { sampleDevice, sampleRecord } from "./sample-record.ts";
import { renderReport } from "./svg-report.ts";
import { textBox, textWidth } from "./text.ts";

interface Line {
  readonly content: string;
  readonly box: Box;
}

/** Every line of text on the page with its box. Reports never transform text, so positions are those of the page. */
function linesOf(svg: string): Line[] {
  return [...svg.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].map(([, attributes, escaped]) => {
    const of = (name: string): string | undefined => attributes!.match(new RegExp(`(?:^| )${name}="([^"]*)"`))?.[1];
    const content = plain(escaped!);
    const size = Number(of("font-size"));
    const width = textWidth(content, size, of("font-weight") === "bold" ? "bold" : undefined);
    const share = { middle: 0.5, end: 1 }[of("text-anchor") ?? ""] ?? 0;
    return { content, box: textBox(Number(of("x")) - width * share, Number(of("y")), width, size) };
  });
}

function plain(escaped: string): string {
  return escaped
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}

function pageOf(svg: string): Box {
  const [, width, height] = svg.match(/viewBox="0 0 (\S+) (\S+)"/)!;
  return { x: 0, y: 0, width: Number(width), height: Number(height) };
}

function collisions(lines: readonly Line[]): string[] {
  return lines.flatMap((a, at) =>
    lines.slice(at + 1).flatMap((b) => (intersects(a.box, b.box) ? [`${a.content} / ${b.content}`] : [])),
  );
}

/** Opened elements that are not closed in order; anything else that XML forbids in our text. */
function malformations(svg: string): string[] {
  const open: string[] = [];
  const found: string[] = [];
  for (const [, closing, name, selfClosing] of svg.matchAll(/<(\/?)([a-zA-Z]+)[^>]*?(\/?)>/g)) {
    if (closing === "/" && open.pop() !== name) found.push(`</${name}>`);
    if (closing === "" && selfClosing === "") open.push(name!);
  }
  const strayAmpersands = svg.match(/&(?!(?:amp|lt|gt|quot|#39);).{0,10}/g) ?? [];
  return [...found, ...open, ...strayAmpersands];
}

function expectSound(svg: string): void {
  const lines = linesOf(svg);
  expect(malformations(svg)).toEqual([]);
  expect(collisions(lines)).toEqual([]);
  expect(lines.filter((line) => !isWithin(line.box, pageOf(svg))).map((line) => line.content)).toEqual([]);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
}

function wordsOf(svg: string): string[] {
  return linesOf(svg).map((line) => line.content);
}

function warehouse(): OccupancyGrid {
  const png = readFileSync(new URL("../../config/maps/warehouse.png", import.meta.url)).toString("base64");
  return decodeOccupancy({
    resolution: 0.03,
    origin: [-15.1, -25, 0],
    negate: 0,
    occupied_thresh: 0.65,
    free_thresh: 0.1,
    png,
  });
}

/** Five minutes of a track that never repeats itself, five places a second, with everything recorded at the same rate. */
function restlessDevice(): DeviceRecord {
  const rng = createRng("restless");
  const times = Array.from({ length: 1500 }, (_, at) => at / 5);
  const truth = times.map((t) => ({
    t,
    x: 12 * Math.cos(t / 20) + rng.normal(0.05),
    y: 23 * Math.sin(t / 33) + rng.normal(0.05),
    yaw: rng.normal(1),
  }));
  return sampleDevice({
    truth,
    projected: truth.map(({ t, x, y }) => ({ t, x: x + rng.normal(0.1), y: y + rng.normal(0.1), sigma: t / 100 })),
    planned: times
      .filter((_, at) => at % 5 === 0)
      .map((t) => ({
        t,
        points: Array.from({ length: 80 }, (_, at) => [at / 4 - 10, rng.normal(3)] as const),
      })),
    battery: times.map((t) => ({ t, actual: 0.8 + rng.normal(0.01), projected: 0.8 })),
  });
}

const MARK_KINDS = ["link", "stage", "load", "fault", "cloud"] as const;

function crowdOfMarks(count: number): Mark[] {
  return Array.from({ length: count }, (_, at) => ({
    t: 80 + at * 0.3,
    kind: MARK_KINDS[at % MARK_KINDS.length]!,
    text: `thing number ${at} happened in a place where much else happened at nearly the same time`,
    at: [2 + at * 0.01, -8] as const,
  }));
}

function crowdOfLandmarks(count: number): Landmark[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `slot-with-a-long-name-${at}`,
    kind: "slot",
    pose: [3 + (at % 6) * 0.4, -12 + Math.floor(at / 6) * 0.4, 0],
  }));
}

const EMPTY: RunRecord = {
  scenario: "nothing",
  title: "",
  seed: 0,
  outcome: "failed",
  duration: 0,
  map: { width: 0, height: 0, resolution: 0.05, originX: 0, originY: 0, cells: new Uint8Array() },
  zones: [],
  landmarks: [],
  unmapped: [],
  devices: [],
  expectations: [],
  movers: [],
  doors: [],
};

describe("renderReport", () => {
  it("tells the run: head, landmarks, zones, stages, marks, divergences", () => {
    const svg = renderReport(sampleRecord());
    expectSound(svg);
    const words = wordsOf(svg);
    expect(words).toEqual(
      expect.arrayContaining([
        "passed after 2 min 38 s",
        "scenario warehouse-pick · seed 42 · 1 device",
        "rack-b-12",
        "kitting-area · keep out",
        "crossing · speed limit 0.5 m/s",
        "not on the map",
        "Drive to Rack B-12 · 47 s",
        "Pick SKU-7890 from shelf 3 · 18 s · 2 attempts",
        "lost the link",
        "2.2 m behind the projection",
        "2.2 m apart",
        "offline",
        "projected",
      ]),
    );
  });

  it("numbers each mark alike on the map, on the time axis and in the list", () => {
    const words = wordsOf(renderReport(sampleRecord()));
    const countOf = (number: string): number => words.filter((word) => word === number).length;
    // Mark 4 has no place on the map; marks 1, 3 and 5 stand for their kinds in the key.
    expect(["2", "4", "6", "7", "8"].map(countOf)).toEqual([3, 2, 3, 3, 3]);
    expect(["1", "3", "5"].map(countOf)).toEqual([4, 4, 4]);
  });

  it("lets no text run over another nor off the page when landmarks and marks crowd", () => {
    const devices = [sampleDevice({ marks: crowdOfMarks(60) })];
    const svg = renderReport(sampleRecord({ devices, landmarks: crowdOfLandmarks(50) }));
    expectSound(svg);
    const words = wordsOf(svg);
    expect(words.filter((word) => word.startsWith("slot-with")).length).toBeGreaterThan(40);
    expect(words.filter((word) => word === "60")).toHaveLength(3);
  });

  it("stays sound with more marks than fit on one row of the axis", () => {
    const svg = renderReport(sampleRecord({ devices: [sampleDevice({ marks: crowdOfMarks(150) })] }));
    expectSound(svg);
    expect(wordsOf(svg).filter((word) => word === "150").length).toBeGreaterThanOrEqual(2);
  });

  it("draws each of two devices in a colour and on rows of its own", () => {
    const other = sampleDevice({ id: "amr-12", projected: [], marks: [] });
    const svg = renderReport(sampleRecord({ devices: [sampleDevice(), other] }));
    expectSound(svg);
    const words = wordsOf(svg);
    expect(words).toContain("amr-7, actual track");
    expect(words).toContain("amr-12, actual track");
    expect(words.filter((word) => word === "cloud sees it")).toHaveLength(2);
    expect(words).toContain("amr-7: lost the link");
    const tracks = [...svg.matchAll(/<g fill="none" stroke="(#\w+)" stroke-width="2" stroke-linejoin="round">/g)];
    expect(new Set(tracks.map((match) => match[1])).size).toBe(2);
  });

  it("draws unmapped walls as open lines, and doors as dashed ones that the key names", () => {
    const line = [
      [1, -6],
      [2, -6],
      [2, -7],
    ] as const;
    const wall = renderReport(sampleRecord({ unmapped: [{ kind: "wall", points: line }] }));
    const door = renderReport(sampleRecord({ unmapped: [], doors: [{ id: "gate", line, changes: [] }] }));
    expect(wall).toMatch(/<path d="M[^Z"]+" fill="none"/u);
    expect(door).toMatch(/stroke-dasharray="3 3"[^>]*><path d="M[^Z"]+"/u);
    expect(door).toContain(">door<");
  });

  it("escapes whatever people wrote", () => {
    const hostile = `<b>"Kitting & co"</b> 'x' ]]> \u0007`;
    const device = sampleDevice({
      id: hostile,
      marks: [{ t: 1, kind: "stage", text: hostile, at: [0, -5] }],
      divergences: [{ t: 2, kind: hostile, text: hostile, size: hostile }],
      stages: [{ contract: hostile, stageId: "s", goal: hostile, status: "failed", attempts: 1, startT: 1, endT: 2 }],
    });
    const zone = {
      id: hostile,
      kind: "work" as const,
      polygon: [
        [-1, -1],
        [1, -1],
        [1, 1],
      ] as [number, number][],
    };
    const landmark: Landmark = { id: hostile, kind: "x", pose: [0, -3, 0] };
    const svg = renderReport(
      sampleRecord({ title: hostile, scenario: hostile, devices: [device], zones: [zone], landmarks: [landmark] }),
    );
    expect(malformations(svg)).toEqual([]);
    expect(svg).not.toContain("<b>");
    expect(svg).not.toContain("\u0007");
    expect(wordsOf(svg)).toContain(hostile.replace("\u0007", "\uFFFD"));
  });

  it("stays under 500 kB for five restless minutes on the warehouse map", () => {
    const devices = [restlessDevice(), { ...restlessDevice(), id: "amr-8" }];
    const svg = renderReport(sampleRecord({ map: warehouse(), duration: 300, devices }));
    expect(Buffer.byteLength(svg)).toBeLessThan(500_000);
    expect(malformations(svg)).toEqual([]);
  });

  it("renders a record in which nothing is", () => {
    const svg = renderReport(EMPTY);
    expectSound(svg);
    expect(wordsOf(svg)).toContain("failed after 0 s");
    expect(wordsOf(svg)).toContain("Nothing was marked.");
  });

  it("renders a device that recorded nothing", () => {
    const device: DeviceRecord = {
      id: "amr-7",
      footprint: [],
      truth: [],
      projected: [],
      planned: [],
      modes: [],
      link: [],
      battery: [],
      stages: [],
      marks: [],
      divergences: [],
      events: [],
    };
    const svg = renderReport({ ...EMPTY, devices: [device] });
    expectSound(svg);
    expect(wordsOf(svg)).toContain("amr-7");
  });

  it("names stages that never started, failed or were cut off by the end of the run", () => {
    const base = { contract: "c", stageId: "s", attempts: 1 };
    const stages = [
      { ...base, goal: "Wait for the door", status: "failed", startT: 10, endT: 20 },
      { ...base, goal: "Dock", status: "started", startT: 150 },
      { ...base, goal: "Charge", status: "pending", attempts: 0 },
    ] as const;
    const words = wordsOf(renderReport(sampleRecord({ devices: [sampleDevice({ stages })] })));
    expect(words).toContain("Wait for the door · 10 s · failed");
    expect(words).toContain("Dock · not finished");
    expect(words).toContain("Charge · not started");
  });

  it("keeps the uncertainty circles growing along an outage", () => {
    const radii = [...renderReport(sampleRecord()).matchAll(/<circle [^>]*r="([\d.]+)"[^>]*fill-opacity="0.05"/g)].map(
      (match) => Number(match[1]),
    );
    expect(radii.length).toBeGreaterThan(4);
    expect(radii).toEqual(radii.toSorted((a, b) => a - b));
  });

  it("writes equal text for equal records", () => {
    expect(renderReport(sampleRecord())).toBe(renderReport(sampleRecord()));
  });
});
