import { describe, expect, it } from "vitest";
import { framesOf } from "../framing/frame-decoder.ts";
import { fixtureFrame, fixtureFrames } from "../framing/frame-fixtures.ts";
import {
  encodeValues,
  encodeVesc,
  readInt32,
  readValues,
  VESC_FORMAT,
  vescForward,
  vescGetValues,
  vescSetCurrent,
  vescSetRpm,
} from "./codec.ts";

const bytesNamed = (name: string): Uint8Array => fixtureFrame("vesc", name).bytes;

describe("the codec of the VESC", () => {
  it.each(fixtureFrames("vesc"))("decodes $name", ({ bytes, decoded }) => {
    const [packet, ...others] = framesOf(VESC_FORMAT, bytes);
    expect(others).toEqual([]);
    expect(packet!.command).toBe(decoded["command"]);
    expect(readInt32(packet!)).toBe(decoded["value"]);
  });

  it("builds what was recorded", () => {
    expect(encodeVesc(vescSetRpm(1723))).toEqual(bytesNamed("COMM_SET_RPM-1723"));
    expect(encodeVesc(vescSetRpm(6893))).toEqual(bytesNamed("COMM_SET_RPM-6893"));
    expect(encodeVesc(vescSetCurrent(0))).toEqual(bytesNamed("COMM_SET_CURRENT-0"));
    expect(encodeVesc(vescGetValues())).toEqual(bytesNamed("COMM_GET_VALUES-request"));
  });

  it("reads the values that it builds, of this controller or another on the bus", () => {
    const values = {
      fetTemperatureC: 31.5,
      motorTemperatureC: -4.2,
      motorCurrentA: -2.5,
      inputCurrentA: 1.25,
      duty: -0.321,
      erpm: -4200,
      inputVoltageV: 36.6,
      tachometer: -123_456,
      fault: 2,
      controllerId: 17,
    };
    const [packet] = framesOf(VESC_FORMAT, encodeVesc(encodeValues(values)));
    expect(readValues(packet!)).toEqual(values);
    expect(vescForward(17, vescSetRpm(1)).data).toEqual(Uint8Array.of(17, 8, 0, 0, 0, 1));
  });

  it("frames payloads that are longer than a byte can tell", () => {
    const packet = { command: 4, data: Uint8Array.from({ length: 300 }, (_, at) => at & 0xff) };
    expect(framesOf(VESC_FORMAT, encodeVesc(packet))).toEqual([packet]);
  });

  it("knows no values in an answer that is cut off", () => {
    expect(readValues({ command: 4, data: new Uint8Array(20) })).toBeUndefined();
  });
});
