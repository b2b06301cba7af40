import { describe, expect, it } from "vitest";
import { bytesFromHex, concatBytes } from "../framing/bytes.ts";
import { framesOf } from "../framing/frame-decoder.ts";
import { fixtureFrame, fixtureFrames, type FixtureFrame } from "../framing/frame-fixtures.ts";
import {
  encodeBasicInfo,
  encodeJbdReply,
  JBD_FORMAT,
  JBD_REGISTER,
  jbdRead,
  readBasicInfo,
  readCellVoltages,
  readVersion,
} from "./codec.ts";

const replies = fixtureFrames("jbd-bms").filter(({ direction }) => direction === "device->host");
const having = (key: string): FixtureFrame[] => replies.filter(({ decoded }) => key in decoded);

/** The data of the only frame in some bytes. */
function dataOf(bytes: Uint8Array): Uint8Array {
  const frames = framesOf(JBD_FORMAT, bytes);
  expect(frames).toHaveLength(1);
  expect(frames[0]).toMatchObject({ type: "reply", status: 0 });
  return frames[0]!.data;
}

describe("the codec of the JBD BMS", () => {
  it("finds every kind of frame in the recordings", () => {
    expect([having("voltage_V").length, having("cells_V").length]).toEqual([32, 5]);
  });

  it.each(having("voltage_V"))("reads $name", ({ bytes, decoded }) => {
    const info = readBasicInfo(dataOf(bytes))!;
    expect(info).toEqual({
      voltageV: decoded["voltage_V"],
      currentA: decoded["current_A"],
      remainingAh: decoded["remaining_Ah"],
      nominalAh: decoded["nominal_Ah"],
      cycles: decoded["cycles"],
      madeOn: decoded["date"],
      balanceLow: decoded["balance_low"],
      balanceHigh: decoded["balance_high"],
      protection: decoded["protection"],
      version: decoded["version"],
      charge: (decoded["soc_pct"] as number) / 100,
      isChargingAllowed: decoded["fet_charge"],
      isDischargingAllowed: decoded["fet_discharge"],
      cells: decoded["cells"],
      temperaturesC: decoded["temps_C"],
      extraBytes: decoded["extra_bytes"],
    });
    expect(encodeJbdReply(JBD_REGISTER.basicInfo, encodeBasicInfo(info))).toEqual(bytes);
  });

  it.each(having("cells_V"))("reads $name", ({ bytes, decoded }) => {
    expect(readCellVoltages(dataOf(bytes))).toEqual(decoded["cells_V"]);
  });

  it("reads the version", () => {
    expect(readVersion(dataOf(fixtureFrame("jbd-bms", "reply-version").bytes))).toBe("JBD-SP04S034-L4S-200A-B-U");
  });

  it("asks as the recording does, and understands who writes without ever writing itself", () => {
    expect(jbdRead(JBD_REGISTER.basicInfo)).toEqual(fixtureFrame("jbd-bms", "req-basic-info").bytes);
    expect(jbdRead(JBD_REGISTER.cellVoltages)).toEqual(fixtureFrame("jbd-bms", "req-cell-voltages").bytes);
    const [write] = framesOf(JBD_FORMAT, fixtureFrame("jbd-bms", "write-mos-charge-off").bytes);
    expect(write).toMatchObject({ type: "write", register: 0xe1 });
  });

  it("ignores bytes that newer firmware appends and refuses data that are cut off", () => {
    const data = dataOf(having("voltage_V")[0]!.bytes);
    expect(readBasicInfo(concatBytes(data, [1, 2, 3]))).toMatchObject({ extraBytes: 3, cells: 13 });
    expect(readBasicInfo(data.subarray(0, 24))).toBeUndefined();
    expect(readBasicInfo(new Uint8Array())).toBeUndefined();
  });

  it("finds the answer behind a headless and before a truncated one", () => {
    const { bytes } = having("voltage_V")[0]!;
    const stream = concatBytes(bytes.subarray(5), bytesFromHex("00 dd"), bytes, bytes.subarray(0, 12));
    expect(framesOf(JBD_FORMAT, stream)).toHaveLength(1);
  });
});
