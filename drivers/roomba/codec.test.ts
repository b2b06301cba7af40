import { describe, expect, it } from "vitest";
import { framesOf } from "../framing/frame-decoder.ts";
import { fixtureFrame } from "../framing/frame-fixtures.ts";
import { encodeOi, encodeStream, OI_COMMAND_FORMAT, STREAM_FORMAT, type OiCommand } from "./codec.ts";
import { PACKET } from "./packets.ts";

describe("the codec of the Open Interface", () => {
  it("decodes the stream of the specification", () => {
    const { bytes, decoded } = fixtureFrame("roomba-oi", "stream-cliff29-vwall13");
    const [frame] = framesOf(STREAM_FORMAT, bytes);
    expect(frame!.get(PACKET.cliffFrontLeftSignal)).toBe(decoded["29_cliff_front_left_signal"]);
    expect(frame!.get(PACKET.virtualWall)).toBe(decoded["13_virtual_wall"]);
    expect(encodeStream(frame!)).toEqual(bytes);
  });

  it.each<[string, OiCommand]>([
    ["request-stream", { type: "stream", packets: [29, 13] }],
    ["drive -200 mm/s radius 500", { type: "drive", mmPerSecond: -200, radiusMm: 500 }],
  ])("builds and reads %s", (name, command) => {
    const { bytes } = fixtureFrame("roomba-oi", name);
    expect(encodeOi(command)).toEqual(bytes);
    expect(framesOf(OI_COMMAND_FORMAT, bytes)).toEqual([command]);
  });

  it("keeps signs and sizes of every packet that it asks for", () => {
    const values = new Map<number, number>([
      [PACKET.bumpsAndWheelDrops, 0b1101],
      [PACKET.currentMa, -1200],
      [PACKET.temperatureC, -5],
      [PACKET.voltageMv, 16_100],
      [PACKET.leftEncoder, 65_535],
      [PACKET.mainBrushMa, -3],
    ]);
    expect(framesOf(STREAM_FORMAT, encodeStream(values))).toEqual([values]);
  });

  it("refuses a frame with an unknown packet or a wrong sum", () => {
    expect(framesOf(STREAM_FORMAT, Uint8Array.of(19, 2, 99, 0, 256 - 120))).toEqual([]);
    const bytes = encodeStream(new Map([[PACKET.voltageMv, 16_100]]));
    bytes[3]! ^= 1;
    expect(framesOf(STREAM_FORMAT, bytes)).toEqual([]);
  });
});
