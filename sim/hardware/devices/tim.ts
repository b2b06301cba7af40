import { answerer } from "#drivers/bench/emulated-devices";
import type { EmulatedDevice } from "#drivers/bench/memory-lines";
import type { Scan, Source } from "#drivers/driver";
import { COLA_FORMAT, encodeTelegram, type Telegram } from "#drivers/sick-tim/codec";
import { scanDataTelegram } from "#drivers/sick-tim/scan-data";
import { type Cancel, type Clock, repeat } from "#lib/clock";

/** Of a TiM551: 15 scans a second over 270 degrees, a ray each degree, 0 degrees to the right. */
const SCAN_HZ = 15;
const [START_DEG, STEP_DEG, RAYS] = [-45, 1, 271];
const AHEAD_DEG = 90;
const RANGE_MAX_MM = 10_000;
/** What a TiM says in place of a distance when the beam failed. */
const FAILED = 1;

/** A SICK TiM on CoLa A: answers a question for a scan, and sends all of them once it is asked to. */
export function emulateTim(lidar: Source<Scan>, clock: Clock): EmulatedDevice {
  let counter = 0;
  let stop: Cancel = () => undefined;
  const device = answerer(COLA_FORMAT, ({ type, name, args }, send) => {
    const say = (telegram: Telegram): void => send(encodeTelegram(telegram));
    const scan = (answer: "sSN" | "sRA"): void => {
      const latest = lidar.latest();
      if (latest) say({ ...telegramOf(latest, ++counter, clock.nowMs()), type: answer });
    };
    if (type === "sMN") return say({ type: "sAN", name, args: ["1"] });
    if (name !== "LMDscandata") return say({ type: "sFA", name: "3", args: [] });
    if (type === "sRN") return scan("sRA");
    if (type !== "sEN") return;
    stop();
    say({ type: "sEA", name, args });
    if (args[0] === "1") stop = repeat(clock, 1000 / SCAN_HZ, () => scan("sSN"));
  });
  return {
    receive: (bytes) => device.receive(bytes),
    connect(send) {
      const end = device.connect(send);
      return () => {
        stop();
        end();
      };
    },
  };
}

function telegramOf(scan: Scan, counter: number, nowMs: number): Telegram {
  const values = Array.from({ length: RAYS }, (_, at) => distanceAt(scan, START_DEG + at * STEP_DEG - AHEAD_DEG));
  const sinceBootUs = Math.floor(nowMs * 1000) % 0x1_0000_0000;
  return scanDataTelegram({
    version: 1,
    device: 1,
    serialNumber: 4711,
    status: [0, 0],
    telegramCounter: counter % 0x1_0000,
    scanCounter: counter % 0x1_0000,
    sinceBootUs,
    sentUs: sinceBootUs,
    scanHz: SCAN_HZ,
    measurementFrequency: 54,
    encoders: 0,
    channels16: [{ name: "DIST1", scale: 1, offset: 0, startDeg: START_DEG, stepDeg: STEP_DEG, values }],
    channels8: [],
    tail: ["0", "0", "0", "0", "0", "0"],
  });
}

function distanceAt({ ranges, angleMin, angleStep }: Scan, bearingDeg: number): number {
  const turn = Math.round((2 * Math.PI) / angleStep);
  const ray = Math.round(((bearingDeg * Math.PI) / 180 - angleMin) / angleStep);
  const range = ranges[((ray % turn) + turn) % turn] ?? NaN;
  if (Number.isNaN(range)) return FAILED;
  return range * 1000 >= RANGE_MAX_MM ? 0 : Math.round(range * 1000);
}
