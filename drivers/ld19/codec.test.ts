import { describe, expect, it } from "vitest";
import { fixtureFrames } from "../framing/frame-fixtures.ts";
import { framesOf } from "../framing/frame-decoder.ts";
import { encodeLd19, LD19_FORMAT } from "./codec.ts";

describe("the codec of the LD19", () => {
  it.each(fixtureFrames("ld19"))("decodes $name", ({ bytes, decoded }) => {
    const [packet, ...others] = framesOf(LD19_FORMAT, bytes);
    expect(others).toEqual([]);
    expect(packet).toMatchObject({
      speedDegPerSecond: decoded["speed_dps"],
      startDeg: decoded["start_angle_deg"],
      endDeg: decoded["end_angle_deg"],
      timestampMs: decoded["timestamp_ms"],
    });
    expect(packet!.points.map(({ distanceMm, confidence }) => [distanceMm, confidence])).toEqual(
      decoded["points_mm_confidence"],
    );
    expect(encodeLd19(packet!)).toEqual(bytes);
  });

  it("spreads the points evenly from start to end, across 360 degrees too", () => {
    const points = Array.from({ length: 12 }, () => ({ angleDeg: 0, distanceMm: 1000, confidence: 200 }));
    const bytes = encodeLd19({ speedDegPerSecond: 3600, startDeg: 357, endDeg: 2.5, timestampMs: 0, points });
    const angles = framesOf(LD19_FORMAT, bytes)[0]!.points.map(({ angleDeg }) => angleDeg);
    expect(angles.slice(0, 3)).toEqual([357, 357.5, 358]);
    expect(angles.at(-1)).toBeCloseTo(2.5);
  });

  it("refuses a packet with one wrong bit, wherever it is", () => {
    const good = fixtureFrames("ld19")[0]!.bytes;
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = good.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      expect(framesOf(LD19_FORMAT, bad)).toEqual([]);
    }
  });
});
