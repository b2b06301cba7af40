import { describe, expect, it } from "vitest";
import { framesOf } from "../framing/frame-decoder.ts";
import { fixtureFrame, fixtureFrames } from "../framing/frame-fixtures.ts";
import { DALY_COMMAND, DALY_FORMAT, dalyRequest, encodeDaly, readDaly } from "./codec.ts";

const read = (name: string): unknown => readDaly(framesOf(DALY_FORMAT, fixtureFrame("daly-bms", name).bytes)[0]!);

describe("the codec of the Daly BMS", () => {
  it.each(fixtureFrames("daly-bms"))("cuts out $name and builds it again", ({ bytes }) => {
    const frames = framesOf(DALY_FORMAT, bytes);
    expect(frames).toHaveLength(1);
    expect(encodeDaly(frames[0]!)).toEqual(bytes);
  });

  it.each(fixtureFrames("daly-bms").filter(({ name }) => name.startsWith("reply-95")))("reads $name", (fixture) => {
    const { frame, cells_mV: mV } = fixture.decoded;
    expect(read(fixture.name)).toEqual({ type: "cells", frame, mV });
  });

  it("reads what else is in the recordings", () => {
    expect(read("reply-94-1")).toEqual({
      type: "pack",
      cells: 16,
      sensors: 1,
      hasCharger: false,
      hasLoad: false,
      digitalIo: 0,
      cycles: 3,
    });
    expect(read("session2-0x91")).toEqual({
      type: "cell-range",
      max: { mV: 3255, cell: 7 },
      min: { mV: 3091, cell: 5 },
    });
    expect(read("session2-0x94")).toMatchObject({ type: "pack", cells: 16, cycles: 5 });
    expect(read("req-90")).toBeUndefined();
  });

  it("asks as the recording does", () => {
    expect(dalyRequest(DALY_COMMAND.status)).toEqual(fixtureFrame("daly-bms", "req-90").bytes);
  });

  it("reads current above its offset as charging, below as discharging", () => {
    const status = (current: number): unknown => {
      const data = Uint8Array.of(0x02, 0x0e, 0, 0, current >> 8, current & 0xff, 0x03, 0x52);
      return readDaly({ address: 1, command: DALY_COMMAND.status, data });
    };
    expect(status(30_125)).toEqual({ type: "status", voltageV: 52.6, currentA: 12.5, charge: 0.85 });
    expect(status(29_990)).toMatchObject({ currentA: -1 });
  });
});
