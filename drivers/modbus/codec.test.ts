import { describe, expect, it } from "vitest";
import { framesOf, type FrameFormat } from "../framing/frame-decoder.ts";
import { fixtureFrame, fixtureFrames } from "../framing/frame-fixtures.ts";
import { encodeModbus, MODBUS_REQUEST_FORMAT, MODBUS_RESPONSE_FORMAT, type ModbusFrame } from "./codec.ts";

const formatOf = (name: string): FrameFormat<ModbusFrame> =>
  name.includes(" req ") ? MODBUS_REQUEST_FORMAT : MODBUS_RESPONSE_FORMAT;

describe("the codec of Modbus RTU", () => {
  it.each(fixtureFrames("modbus-rtu").filter(({ isNegative }) => !isNegative))("decodes $name", (fixture) => {
    const { name, bytes, decoded } = fixture;
    const [frame, ...others] = framesOf(formatOf(name), bytes);
    expect(others).toEqual([]);
    expect([frame!.unit, frame!.functionCode]).toEqual([decoded["unit"], decoded["fc"]]);
    expect(encodeModbus(frame!)).toEqual(bytes);
  });

  it("finds the reply behind garbage", () => {
    const { bytes } = fixtureFrame("modbus-rtu", "reply with garbage prefix");
    expect(framesOf(MODBUS_RESPONSE_FORMAT, bytes)).toMatchObject([{ unit: 17, functionCode: 3 }]);
  });

  it("reads requests that write several", () => {
    const frame = { unit: 1, functionCode: 15, data: Uint8Array.of(0, 0, 0, 3, 1, 0b101) };
    expect(framesOf(MODBUS_REQUEST_FORMAT, encodeModbus(frame))).toEqual([frame]);
  });

  it("refuses a wrong CRC and functions of unknown length", () => {
    const bytes = encodeModbus({ unit: 1, functionCode: 3, data: Uint8Array.of(2, 0, 7) });
    bytes[4]! ^= 1;
    expect(framesOf(MODBUS_RESPONSE_FORMAT, bytes)).toEqual([]);
    expect(
      framesOf(MODBUS_RESPONSE_FORMAT, encodeModbus({ unit: 1, functionCode: 43, data: Uint8Array.of(1) })),
    ).toEqual([]);
  });
});
