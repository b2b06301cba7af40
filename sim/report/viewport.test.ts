import { describe, expect, it } from "vitest";
import { sampleDevice, sampleRecord } from "./sample-record.ts";
import { chooseViewport, toPage } from "./viewport.ts";

const place = { x: 40, y: 120, width: 800 };
const height = { least: 400, most: 900 };

describe("chooseViewport", () => {
  it("shows every place of every track inside the panel, with room around it", () => {
    const record = sampleRecord();
    const view = chooseViewport(record, place, height);
    for (const point of [...record.devices[0]!.truth, ...record.devices[0]!.projected]) {
      const [x, y] = toPage(view, [point.x, point.y]);
      expect(x).toBeGreaterThan(place.x + 10);
      expect(x).toBeLessThan(place.x + place.width - 10);
      expect(y).toBeGreaterThan(place.y + 10);
      expect(y).toBeLessThan(place.y + view.panel.height - 10);
    }
  });

  it("puts larger y higher on the page, at one scale for both axes", () => {
    const view = chooseViewport(sampleRecord(), place, height);
    const [[ax, ay], [bx, by]] = [toPage(view, [0, 0]), toPage(view, [1, 1])];
    expect(bx - ax).toBeCloseTo(view.pixelsPerMetre);
    expect(ay - by).toBeCloseTo(view.pixelsPerMetre);
  });

  it("does not stretch for a landmark far from all tracks", () => {
    const near = chooseViewport(sampleRecord(), place, height);
    const far = { id: "other-hall", kind: "station", pose: [400, 0, 0] as [number, number, number] };
    const record = sampleRecord();
    const view = chooseViewport({ ...record, landmarks: [...record.landmarks, far] }, place, height);
    expect(view).toEqual(near);
  });

  it("keeps the panel between its limits for a track as thin as a line", () => {
    const line = (to: readonly [number, number]) => [0, 1].map((t) => ({ t, x: to[0] * t, y: to[1] * t, yaw: 0 }));
    for (const end of [
      [60, 0],
      [0, 60],
    ] as const) {
      const devices = [sampleDevice({ truth: line(end), projected: [] })];
      const view = chooseViewport(sampleRecord({ devices, landmarks: [] }), place, height);
      expect(view.panel.height).toBeGreaterThanOrEqual(height.least);
      expect(view.panel.height).toBeLessThanOrEqual(height.most);
      expect(view.region.width * view.pixelsPerMetre).toBeCloseTo(place.width);
    }
  });

  it("stays on the map when the map is larger than what is wanted", () => {
    const devices = [sampleDevice({ truth: [{ t: 0, x: -14.8, y: -24.8, yaw: 0 }], projected: [] })];
    const { region } = chooseViewport(sampleRecord({ devices, landmarks: [] }), place, height);
    expect(region.x).toBeCloseTo(-15.1);
    expect(region.y).toBeCloseTo(-25);
  });
});
