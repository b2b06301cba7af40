import { describe, expect, it } from "vitest";
import { bytesOf, concatBytes } from "../framing/bytes.ts";
import { framesOf } from "../framing/frame-decoder.ts";
import { fixtureFrame, fixtureFrames } from "../framing/frame-fixtures.ts";
import { capsulePoints, encodeCapsule, type Capsule } from "./capsule.ts";
import {
  createRplidarFormat,
  encodeDescriptor,
  RPLIDAR_ANSWER,
  RPLIDAR_COMMAND,
  rplidarRequest,
  type RplidarFrame,
} from "./codec.ts";
import { encodeNode, readNode } from "./node.ts";

const named = (prefix: string): ReturnType<typeof fixtureFrames> =>
  fixtureFrames("rplidar").filter(({ name }) => name.startsWith(prefix));
const scanning = encodeDescriptor({ length: 5, mode: 1, answer: RPLIDAR_ANSWER.scan });
const express = encodeDescriptor({ length: 84, mode: 1, answer: RPLIDAR_ANSWER.express });
const decode = (...parts: Uint8Array[]): RplidarFrame[] => framesOf(createRplidarFormat(), concatBytes(...parts));

/** A capsule of points that are `distanceMm` away. */
function capsule(startDeg: number, distanceMm = 1000, offsetDeg = 0): Capsule {
  return { startDeg, isFirst: false, points: Array.from({ length: 32 }, () => ({ distanceMm, offsetDeg })) };
}

describe("the codec of the RPLIDAR", () => {
  it.each(named("desc-"))("decodes $name", ({ bytes, decoded }) => {
    const { len: length, mode, type: answer } = decoded as Record<string, number>;
    const descriptor = { length: length!, mode: mode!, answer: answer! };
    expect(decode(bytes)).toEqual([{ type: "descriptor", descriptor }]);
    expect(encodeDescriptor(descriptor)).toEqual(bytes);
  });

  it.each(named("scan-node").filter(({ isNegative }) => !isNegative))("decodes $name", ({ bytes, decoded }) => {
    const node = {
      isStart: decoded["start"] as boolean,
      quality: decoded["quality"] as number,
      angleDeg: decoded["angle_deg"] as number,
      distanceMm: decoded["distance_mm"] as number,
    };
    expect(decode(scanning, bytes)[1]).toEqual({ type: "node", node });
    expect(encodeNode(node)).toEqual(bytes);
  });

  it.each(named("scan-node-bad"))("refuses $name", ({ bytes, isNegative }) => {
    expect(isNegative).toBe(true);
    expect(readNode(bytes)).toBeUndefined();
    expect(decode(scanning, bytes)).toHaveLength(1);
  });

  it("builds the requests", () => {
    const request = (name: string): Uint8Array => fixtureFrame("rplidar", name).bytes;
    expect(rplidarRequest(RPLIDAR_COMMAND.stop)).toEqual(request("cmd-stop"));
    expect(rplidarRequest(RPLIDAR_COMMAND.reset)).toEqual(request("cmd-reset"));
    expect(rplidarRequest(RPLIDAR_COMMAND.scan)).toEqual(request("cmd-scan"));
    expect(rplidarRequest(RPLIDAR_COMMAND.forceScan)).toEqual(request("cmd-force-scan"));
    expect(rplidarRequest(RPLIDAR_COMMAND.getInfo)).toEqual(request("cmd-get-info"));
    expect(rplidarRequest(RPLIDAR_COMMAND.getSampleRate)).toEqual(request("cmd-get-samplerate"));
    expect(rplidarRequest(RPLIDAR_COMMAND.accessoryBoard, [0, 0, 0, 0])).toEqual(request("cmd-get-acc-board-flag"));
  });

  it("reads an answer behind the text of a boot", () => {
    const health = encodeDescriptor({ length: 3, mode: 0, answer: RPLIDAR_ANSWER.health });
    const frames = decode(bytesOf("RP LIDAR System.\r\nFirmware Ver 1.29\r\n"), health, Uint8Array.of(0, 0, 0));
    expect(frames.at(-1)).toEqual({ type: "answer", answer: RPLIDAR_ANSWER.health, data: Uint8Array.of(0, 0, 0) });
  });

  it("aligns itself again after lost bytes, with no false point but the one that was cut", () => {
    const nodes = Array.from({ length: 40 }, (_, at) =>
      encodeNode({ isStart: at === 0, quality: 15, angleDeg: at * 9, distanceMm: 1000 + at }),
    );
    const stream = concatBytes(...nodes);
    const frames = decode(scanning, stream.subarray(0, 52), stream.subarray(54));
    const seen = frames.flatMap((frame) => (frame.type === "node" ? [frame.node.distanceMm] : []));
    expect(seen.filter((mm) => mm < 1000 || mm > 1040).length).toBeLessThanOrEqual(1);
    expect(seen.length).toBeGreaterThanOrEqual(36);
  });
});

describe("an express scan", () => {
  it("reads what was built, whatever its checksum", () => {
    for (let mm = 100; mm < 1400; mm++) {
      const one = { ...capsule(0), points: [{ distanceMm: mm, offsetDeg: 3.125 }, ...capsule(0).points.slice(1)] };
      const frames = decode(express, encodeCapsule(one), encodeCapsule(capsule(10)));
      expect(frames.slice(1)).toEqual([
        { type: "capsule", capsule: one },
        { type: "capsule", capsule: capsule(10) },
      ]);
    }
  });

  it("spreads the points to where the next capsule starts, less their offsets, across 360 degrees too", () => {
    const points = capsulePoints(capsule(352, 1000, 0.5), capsule(8));
    expect(points).toHaveLength(32);
    expect([points[0]!.angleDeg, points[2]!.angleDeg, points[31]!.angleDeg]).toEqual([351.5, 352.5, 7]);
  });

  it("refuses a capsule with a wrong byte", () => {
    const bytes = encodeCapsule(capsule(0));
    bytes[40]! ^= 0x10;
    expect(decode(express, bytes, encodeCapsule(capsule(10)))).toHaveLength(2);
  });
});
