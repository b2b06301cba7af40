import { describe, expect, it } from "vitest";
import type { TelemetryBatch } from "#contract/messages";
import { entriesOf, keyOf, storable } from "./entries.ts";

function batch(channel: string, dt: number[], values: TelemetryBatch["values"]): TelemetryBatch {
  return { channel, t0: "2026-01-05T08:00:00.000Z", clock: "synced", t0Mono: 0, bootId: "boot", dt, values };
}

const ZERO = Date.UTC(2026, 0, 5, 8);

describe("values that ThingsBoard stores", () => {
  it.each([
    [0.1 + 0.2, 0.3],
    [1e-20, 0],
    [42, 42],
    [1_234_567.890_123_4, 1_234_567.890_123_4],
    [2 ** 63, undefined],
    [Number.NaN, undefined],
    [null, undefined],
    ["docked", "docked"],
    [false, false],
  ])("%s as %s", (given, kept) => {
    expect(storable(given)).toBe(kept);
  });

  it("never prints a number with more than 16 decimals", () => {
    for (let at = 1; at < 2000; at++) {
      const text = JSON.stringify(storable((at * Math.PI) / 1e5));
      const [digits = "", exponent = "0"] = text.split("e");
      const decimals = (digits.split(".")[1]?.length ?? 0) - Number(exponent);
      expect(decimals).toBeLessThanOrEqual(16);
    }
  });
});

describe("entries of a block", () => {
  it("have the time at which samples were taken, those of one moment together", () => {
    const batches = [batch("pose", [0, 200], { x: [1, 2] }), batch("battery", [200], { battery: [0.5] })];
    expect(entriesOf(batches, 0)).toEqual([
      { ts: ZERO, values: { pose_x: 1 } },
      { ts: ZERO + 200, values: { pose_x: 2, battery_battery: 0.5 } },
    ]);
  });

  it("leave out what is not known", () => {
    expect(entriesOf([batch("scan", [0, 500], { nearest: [null, 1], validShare: [null, null] })], 0)).toEqual([
      { ts: ZERO + 500, values: { scan_nearest: 1 } },
    ]);
  });

  it("are all of them where no span is given, also of batches that begin together", () => {
    const batches = [batch("pose", [0, 50], { x: [1, 2] }), batch("pose", [0, 70], { yaw: [3, 4] })];
    expect(entriesOf(batches, 0)).toEqual([
      { ts: ZERO, values: { pose_x: 1, pose_yaw: 3 } },
      { ts: ZERO + 50, values: { pose_x: 2 } },
      { ts: ZERO + 70, values: { pose_yaw: 4 } },
    ]);
  });

  it("are one a span of each channel, the first that is known", () => {
    const pose = batch("pose", [0, 200, 900, 1100, 1300], { x: [null, 2, 3, 4, 5] });
    const speed = batch("speed", [400], { linear: [1] });
    expect(entriesOf([pose, speed], 1000)).toEqual([
      { ts: ZERO + 200, values: { pose_x: 2 } },
      { ts: ZERO + 400, values: { speed_linear: 1 } },
      { ts: ZERO + 1100, values: { pose_x: 4 } },
    ]);
  });
});

it("names keys without dots", () => {
  expect(keyOf("speed", "linear.max")).toBe("speed_linear_max");
});
