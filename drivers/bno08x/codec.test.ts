import { describe, expect, it } from "vitest";
import { bytesOf, concatBytes } from "../framing/bytes.ts";
import { framesOf } from "../framing/frame-decoder.ts";
import { fixtureFrames } from "../framing/frame-fixtures.ts";
import { encodeRvc, RVC_FORMAT } from "./codec.ts";

const [example] = fixtureFrames("bno08x-rvc");

describe("the codec of the BNO08x", () => {
  it.each(fixtureFrames("bno08x-rvc"))("decodes $name", ({ bytes, decoded }) => {
    const [report] = framesOf(RVC_FORMAT, bytes);
    expect(report).toEqual({
      index: decoded["index"],
      yawDeg: decoded["yaw_deg"],
      pitchDeg: decoded["pitch_deg"],
      rollDeg: decoded["roll_deg"],
      accelerationMg: decoded["acc_mg"],
    });
    expect(encodeRvc(report!)).toEqual(bytes);
  });

  it("reads over the banner of a reset", () => {
    const banner = bytesOf("%Hillcrest Labs 10003608\n%SW Ver 3.2.13\n");
    expect(framesOf(RVC_FORMAT, concatBytes(banner, example!.bytes))).toHaveLength(1);
  });
});
