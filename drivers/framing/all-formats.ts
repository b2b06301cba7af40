import { encodeRvc, RVC_FORMAT } from "../bno08x/codec.ts";
import { DALY_FORMAT } from "../daly/codec.ts";
import { JBD_FORMAT } from "../jbd/codec.ts";
import { encodeLd19, LD19_FORMAT } from "../ld19/codec.ts";
import { MODBUS_REQUEST_FORMAT, MODBUS_RESPONSE_FORMAT } from "../modbus/codec.ts";
import { OI_COMMAND_FORMAT, STREAM_FORMAT, encodeStream } from "../roomba/codec.ts";
import { encodeCapsule } from "../rplidar/capsule.ts";
import { createRplidarFormat, encodeDescriptor, RPLIDAR_ANSWER } from "../rplidar/codec.ts";
import { encodeNode } from "../rplidar/node.ts";
import { LINE_FORMAT } from "../scanner/codec.ts";
import { COLA_FORMAT } from "../sick-tim/codec.ts";
import { VEDIRECT_FORMAT } from "../vedirect/codec.ts";
import { encodeValues, encodeVesc, VESC_FORMAT } from "../vesc/codec.ts";
import { concatBytes } from "./bytes.ts";
import type { FrameFormat } from "./frame-decoder.ts";
import { fixtureFrames } from "./frame-fixtures.ts";

/** A format with frames that it knows, for what every codec must do. */
export interface KnownFormat {
  readonly name: string;
  /** Formats that remember are made anew for each stream. */
  readonly format: () => FrameFormat<unknown>;
  readonly samples: readonly Uint8Array[];
}

const known = (name: string, format: FrameFormat<unknown>, samples: readonly Uint8Array[]): KnownFormat => ({
  name,
  format: () => format,
  samples,
});
const fixtures = (device: string): Uint8Array[] => fixtureFrames(device).map(({ bytes }) => bytes);

const points = Array.from({ length: 12 }, (_, at) => ({ angleDeg: 0, distanceMm: 84 * at, confidence: 200 }));
const cabins = Array.from({ length: 32 }, (_, at) => ({ distanceMm: 100 * at, offsetDeg: at / 8 }));
const values = { fetTemperatureC: 30, motorTemperatureC: 40, motorCurrentA: 2, inputCurrentA: 1, duty: 0.2 };

/** Every format of a serial or network device. */
export const ALL_FORMATS: readonly KnownFormat[] = [
  known("LD19", LD19_FORMAT, [
    ...fixtures("ld19"),
    encodeLd19({ speedDegPerSecond: 3600, startDeg: 355, endDeg: 3, timestampMs: 84, points }),
  ]),
  {
    name: "RPLIDAR standard scan",
    format: createRplidarFormat,
    samples: [
      encodeDescriptor({ length: 5, mode: 1, answer: RPLIDAR_ANSWER.scan }),
      concatBytes(
        ...[0, 1, 2, 3, 4, 5].map((at) =>
          encodeNode({ isStart: at === 0, quality: 12, angleDeg: 60 * at, distanceMm: 900 }),
        ),
      ),
    ],
  },
  {
    name: "RPLIDAR express scan",
    format: createRplidarFormat,
    samples: [
      encodeDescriptor({ length: 84, mode: 1, answer: RPLIDAR_ANSWER.express }),
      ...[0, 1, 2].map((at) => encodeCapsule({ startDeg: 9 * at, isFirst: at === 0, points: cabins })),
    ],
  },
  known("CoLa A", COLA_FORMAT, fixtures("sick-cola-a")),
  known("Open Interface stream", STREAM_FORMAT, [
    fixtureFrames("roomba-oi")[0]!.bytes,
    encodeStream(
      new Map([
        [7, 0],
        [43, 1234],
        [44, 65_000],
      ]),
    ),
  ]),
  known(
    "Open Interface commands",
    OI_COMMAND_FORMAT,
    fixtureFrames("roomba-oi")
      .slice(1)
      .map(({ bytes }) => bytes),
  ),
  known("VESC", VESC_FORMAT, [
    ...fixtures("vesc"),
    encodeVesc(encodeValues({ ...values, erpm: 900, inputVoltageV: 36, tachometer: 4, fault: 0, controllerId: 1 })),
  ]),
  known("JBD", JBD_FORMAT, fixtures("jbd-bms")),
  known("Daly", DALY_FORMAT, fixtures("daly-bms")),
  known("VE.Direct", VEDIRECT_FORMAT, fixtures("victron-vedirect")),
  known("BNO08x RVC", RVC_FORMAT, [
    ...fixtures("bno08x-rvc"),
    encodeRvc({ index: 0xaa, yawDeg: -170, pitchDeg: 1, rollDeg: 2, accelerationMg: [0xaa, -1, 1000] }),
  ]),
  known("scanner lines", LINE_FORMAT, fixtures("barcode-serial")),
  known("Modbus responses", MODBUS_RESPONSE_FORMAT, fixtures("modbus-rtu").slice(0, 2)),
  known("Modbus requests", MODBUS_REQUEST_FORMAT, fixtures("modbus-rtu").slice(2, 3)),
];
