import { describe, expect, it } from "vitest";
import { createRng } from "#lib/rng";
import type { DeviceRecord, MotionRecord, RunRecord } from "../record.ts";
import { PAGE_BYTES_MAX, renderPage } from "./html-report.ts";
import { pageData, packPage } from "./page-data.ts";
import { unpackRun, placeAt, textAt } from "./page/run.js";
import { sampleDevice, sampleRecord } from "./sample-record.ts";
import { timelineScale } from "./timeline.ts";
import { chooseViewport } from "./viewport.ts";

const AXIS = { ...timelineScale({ x: 0, width: 1400 }, 158), width: 1400 };
const FULL = { scans: 1, rays: 1, rangeUnit: 0.02 };

function viewOf(record: RunRecord) {
  return chooseViewport(record, { x: 0, y: 0, width: 1000 }, { least: 420, most: 900 });
}

/** A quarter of an hour of a restless robot whose lidar sees noise, twice a second. */
function restless(id: string, seconds: number): DeviceRecord {
  const rng = createRng(Number(id.slice(-1)));
  const at = (t: number) => ({ t, x: 5 * Math.sin(t / 9), y: -8 + 5 * Math.cos(t / 7), yaw: Math.sin(t / 5) });
  const motion: MotionRecord = {
    scans: Array.from({ length: seconds * 2 }, (_, step) => ({
      t: step / 2,
      lidar: at(step / 2),
      angleMin: -Math.PI,
      angleStep: Math.PI / 90,
      ranges: Array.from({ length: 180 }, (_ray, ray) => 4 + 3 * Math.sin(ray / 20 + step / 30) + 0.06 * rng.float()),
    })),
    gate: Array.from(
      { length: seconds },
      (_, t) => ({ t, ...(t % 2 === 0 ? { action: "pass" } : { action: "stop", reason: "obstacle" }) }) as const,
    ),
    routes: [],
    costmaps: [costmap()],
  };
  const truth = Array.from({ length: seconds * 5 }, (_, step) => at(step / 5));
  return sampleDevice({ id, truth, projected: [], motion });
}

function costmap(): MotionRecord["costmaps"][number] {
  const frame = { width: 300, height: 300, resolution: 0.1, originX: -15.1, originY: -25 };
  const levels = new Uint8Array(300 * 300).map((_, cell) => (cell % 300 < 3 ? 5 : cell % 7 === 0 ? 1 : 0));
  const observed = [
    { t: 10, appeared: [4000, 4001, 4300], gone: [] },
    { t: 20, appeared: [4301], gone: [4000] },
  ];
  return {
    t: 0,
    frame,
    levels,
    closed: 5,
    rings: [
      { level: 5, radius: 0.3 },
      { level: 1, radius: 0.9 },
    ],
    observed,
  };
}

describe("the page's data", () => {
  it("hold vehicles with their heading, and when doors were open", async () => {
    const shape = [[1, 0.5] as const, [-1, 0.5] as const, [-1, -0.5] as const];
    const samples = [
      { t: 0, x: 1, y: 2, yaw: 0.5 },
      { t: 10, x: 3, y: 2, yaw: 0.5 },
    ];
    const changes = [{ t: 0, state: "closed" } as const, { t: 4, state: "open" } as const];
    const record = sampleRecord({
      movers: [{ id: "vehicle-1", kind: "vehicle", shape, samples }],
      doors: [{ id: "gate", line: shape.slice(0, 2), changes }],
    });
    const run = await unpackRun(packPage(record, viewOf(record), AXIS, Infinity));
    expect(run.movers[0]).toMatchObject({ kind: "vehicle", shape });
    expect(placeAt(run.movers[0]!.course, 5)).toMatchObject({ x: 2, y: 2, yaw: 0.5 });
    expect([3, 5].map((t) => textAt(run.doors[0]!.states, t))).toEqual(["closed", "open"]);
  });

  it("come out as they went in, to the centimetre", async () => {
    const record = sampleRecord({ devices: [restless("amr-1", 60)] });
    const run = await unpackRun(packPage(record, viewOf(record), AXIS, Infinity));
    const [device, original] = [run.devices[0]!, record.devices[0]!];
    expect(Math.max(...original.truth.map((point, at) => Math.abs(device.truth["x"]![at]! - point.x)))).toBeLessThan(
      0.006,
    );
    const ranges = original.motion!.scans.flatMap((scan) => scan.ranges);
    expect(
      Math.max(...ranges.map((range, at) => Math.abs(device.scans.ranges[at]! * device.scans.unit - range))),
    ).toBeLessThan(0.011);
    expect(device.costmaps[0]!.observed).toEqual(original.motion!.costmaps[0]!.observed);
    expect(textAt(device.gate, 3.5)).toBe("stop: obstacle");
    expect(textAt(device.link, 74)).toBe("offline");
    expect(textAt(device.link, record.duration)).toBe("online");
    expect(placeAt(device.truth, 30.1)!["x"]).toBeCloseTo((original.truth[150]!.x + original.truth[151]!.x) / 2, 1);
  });

  it("hold a costmap once for robots of one kind", () => {
    const record = sampleRecord({ devices: [restless("amr-1", 5), restless("amr-2", 5)] });
    expect(pageData(record, viewOf(record), AXIS, FULL).grids).toHaveLength(1);
  });

  it("are thinned until they fit, the course of the robot never", async () => {
    const record = sampleRecord({ devices: [restless("amr-1", 120)] });
    const [whole, thin] = [Infinity, 20_000].map((bytes) => packPage(record, viewOf(record), AXIS, bytes));
    expect(whole!.length).toBeGreaterThan(20_000);
    expect(thin!.length).toBeLessThanOrEqual(20_000);
    const run = await unpackRun(thin!);
    expect(run.devices[0]!.truth["t"]).toHaveLength(600);
    expect(run.devices[0]!.scans.course["t"]!.length).toBeGreaterThan(3);
  });
});

describe("renderPage", () => {
  it("keeps within its budget for a quarter of an hour with four robots", () => {
    const devices = [1, 2, 3, 4].map((number) => restless(`amr-${number}`, 900));
    const page = renderPage(sampleRecord({ duration: 900, devices }));
    expect(Buffer.byteLength(page)).toBeLessThanOrEqual(PAGE_BYTES_MAX);
  });

  it("asks for nothing from anywhere", () => {
    const page = renderPage(sampleRecord());
    expect(page).toContain("default-src 'none'");
    const addresses = [...page.matchAll(/(?:src|href)="([^"#][^"]*)"/g)].map(([, address]) => address);
    expect(addresses).toEqual(["data:,"]);
    expect(page.replaceAll("http://www.w3.org", "")).not.toMatch(/https?:|url\((?!#)/);
  });

  it("links a missed expectation to its moment and names its robot", () => {
    const verdict = { is: "missed", how: "became-false", t: 42.5, devices: ["amr-7"] } as const;
    const page = renderPage(
      sampleRecord({ outcome: "failed", expectations: [{ name: "safe <b>", detail: "1 collision", verdict }] }),
    );
    expect(page).toContain('<a href="#t=42.50">lost at 0:43, amr-7</a>');
    expect(page).toContain("safe &lt;b&gt;");
  });

  it("lets nothing that people wrote become markup", () => {
    const hostile = `</script><script>alert("1")</script>`;
    const device = sampleDevice({ id: hostile, events: [{ t: 1, who: "device", text: hostile }] });
    const page = renderPage(sampleRecord({ title: hostile, scenario: hostile, devices: [device] }));
    expect(page).not.toContain("<script>alert");
  });

  it("draws in the colours of its style sheet only", () => {
    const [, body] = renderPage(sampleRecord()).split("<body>");
    expect(body!.match(/"#[0-9a-f]{6}"/g) ?? []).toEqual([]);
  });

  it("writes equal text for equal records", () => {
    expect(renderPage(sampleRecord())).toBe(renderPage(sampleRecord()));
  });
});
