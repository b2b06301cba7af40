import { describe, expect, it } from "vitest";
import { bytesOf, textOf } from "../framing/bytes.ts";
import { framesOf } from "../framing/frame-decoder.ts";
import { fixtureFrame, fixtureFrames } from "../framing/frame-fixtures.ts";
import { COLA_FORMAT, encodeTelegram } from "./codec.ts";
import { readScanData, scanDataTelegram } from "./scan-data.ts";

const { bytes: scanBytes, decoded: scanDecoded } = fixtureFrame("sick-cola-a", "telegram-1-sRA-scan");

describe("the codec of CoLa A", () => {
  it.each(fixtureFrames("sick-cola-a"))("decodes $name", ({ bytes, decoded }) => {
    const [telegram, ...others] = framesOf(COLA_FORMAT, bytes);
    expect(others).toEqual([]);
    const { type, name, args } = telegram!;
    const expected =
      decoded["text"] ?? `${String(decoded["telegram"] ?? decoded["command"])} ${String(decoded["name"])}`;
    expect([type, name, ...args].join(" ")).toContain(expected);
    expect(encodeTelegram(telegram!)).toEqual(bytes);
  });

  it("reads a scan to the last value", () => {
    const scan = readScanData(framesOf(COLA_FORMAT, scanBytes)[0]!)!;
    expect(scan).toMatchObject({
      version: scanDecoded["version"],
      device: scanDecoded["device"],
      serialNumber: scanDecoded["serial"],
      status: scanDecoded["status"],
      telegramCounter: scanDecoded["telegram_counter"],
      scanCounter: scanDecoded["scan_counter"],
      sinceBootUs: scanDecoded["time_since_boot_us"],
      sentUs: scanDecoded["tx_time_us"],
      scanHz: scanDecoded["scan_frequency_hz"],
      measurementFrequency: scanDecoded["measurement_frequency"],
      encoders: scanDecoded["encoders"],
      tail: scanDecoded["tail"],
    });
    const [distances] = scan.channels16;
    expect(distances).toMatchObject({ name: "DIST1", scale: 1, offset: 0, startDeg: -45, stepDeg: 1 });
    expect(distances!.values).toHaveLength(271);
    expect(distances!.values.slice(0, 5)).toEqual([278, 288, 291, 285, 288]);
    expect(distances!.values.slice(-5)).toEqual([1168, 1149, 1142, 1130, 1112]);
    expect(scan.channels8.map(({ name, values }) => [name, values.length])).toEqual([["RSSI1", 271]]);
  });

  it("builds a scan that reads the same", () => {
    const scan = readScanData(framesOf(COLA_FORMAT, scanBytes)[0]!)!;
    expect(readScanData(scanDataTelegram(scan))).toEqual(scan);
  });

  it("refuses a scan that has fewer values than it counts", () => {
    const text = textOf(scanBytes);
    const short = text.slice(0, text.indexOf(" 120 123")) + text.slice(text.indexOf(" 11D"));
    const cut = `${text.slice(0, 400)}\x03`;
    expect(readScanData(framesOf(COLA_FORMAT, bytesOf(short))[0]!)).toBeUndefined();
    expect(readScanData(framesOf(COLA_FORMAT, bytesOf(cut))[0]!)).toBeUndefined();
  });

  it("finds the telegram behind one that was cut off", () => {
    expect(framesOf(COLA_FORMAT, bytesOf("\x02sSN LMDscandata 1 1\x02sAN SetAccessMode 1\x03"))).toEqual([
      { type: "sAN", name: "SetAccessMode", args: ["1"] },
    ]);
  });
});
