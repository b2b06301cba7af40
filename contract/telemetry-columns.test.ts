import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvariantError } from "#lib/errors";
import { decodeSeries, encodeSeries, tickOf, valueOf, type Series } from "./telemetry-columns.ts";

const tick = fc.oneof(fc.integer(), fc.integer({ min: -(2 ** 46), max: 2 ** 46 }), fc.constant(null));
const anySeries: fc.Arbitrary<Series> = fc
  .tuple(fc.string(), fc.array(fc.nat(100_000), { maxLength: 40 }), fc.nat(4))
  .chain(([channel, steps, columns]) => {
    let atMs = 0;
    const times = steps.map((step) => (atMs += step));
    const column = fc.record({
      name: fc.string(),
      resolution: fc.constantFrom(0.001, 1, 0.1, 1000),
      ticks: fc.array(tick, { minLength: times.length, maxLength: times.length }),
    });
    return fc.array(column, { minLength: columns, maxLength: columns }).map((made) => {
      return { channel, atMs: times, columns: made };
    });
  });

describe("columns", () => {
  it("come back as they were", () => {
    fc.assert(
      fc.property(fc.array(anySeries, { maxLength: 4 }), (series) => {
        expect(decodeSeries(encodeSeries(series))).toEqual(series);
      }),
    );
  });

  it("of steady samples take about a byte a number", () => {
    const atMs = Array.from({ length: 600 }, (_, at) => 1_000_000 + at * 100);
    const ticks = atMs.map((_, at) => 5000 + at * 300);
    const bytes = encodeSeries([{ channel: "pose", atMs, columns: [{ name: "x", resolution: 0.001, ticks }] }]);
    expect(bytes.length).toBeLessThan(2 * 600 + 60);
  });

  it("that were damaged are refused, not read and not waited for", () => {
    const bytes = encodeSeries([
      { channel: "pose", atMs: [1, 2, 3], columns: [{ name: "x", resolution: 1, ticks: [1, null, 3] }] },
    ]);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, value, length) => {
        const damaged = bytes.slice(0, length);
        if (at < damaged.length) damaged[at] = value;
        const outcome = outcomeOf(() => decodeSeries(damaged));
        expect(outcome === "read" || outcome instanceof InvariantError).toBe(true);
      }),
    );
  });
});

function outcomeOf(read: () => unknown): unknown {
  try {
    read();
    return "read";
  } catch (thrown) {
    return thrown;
  }
}

describe("ticks", () => {
  it("are whole multiples of the resolution, and read without the noise of fractions", () => {
    expect(valueOf(tickOf(0.3, 0.1)!, 0.1)).toBe(0.3);
    expect(valueOf(tickOf(12.3456, 0.001)!, 0.001)).toBe(12.346);
  });

  it("of what is no number, or unknown, are null", () => {
    expect([undefined, Number.NaN, Infinity, 1e30].map((value) => tickOf(value, 0.001))).toEqual(Array(4).fill(null));
  });
});
