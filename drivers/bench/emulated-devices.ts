import { type Cancel, type Clock, repeat } from "#lib/clock";
import { bytesOf } from "../framing/bytes.ts";
import { createFrameDecoder, type FrameFormat } from "../framing/frame-decoder.ts";
import { DALY_COMMAND, DALY_FORMAT, encodeDaly } from "../daly/codec.ts";
import { encodeBasicInfo, encodeJbdReply, JBD_FORMAT, JBD_REGISTER } from "../jbd/codec.ts";
import { encodeLd19 } from "../ld19/codec.ts";
import { encodeStream, OI_COMMAND_FORMAT, type OiCommand } from "../roomba/codec.ts";
import { PACKET } from "../roomba/packets.ts";
import { encodeNode } from "../rplidar/node.ts";
import { encodeDescriptor, RPLIDAR_ANSWER, RPLIDAR_COMMAND } from "../rplidar/codec.ts";
import { encodeTelegram } from "../sick-tim/codec.ts";
import { scanDataTelegram } from "../sick-tim/scan-data.ts";
import { encodeVeText } from "../vedirect/codec.ts";
import { encodeValues, encodeVesc, readInt32, VESC_COMMAND, VESC_FORMAT, type VescPacket } from "../vesc/codec.ts";
import { viewOf } from "../framing/bytes.ts";
import type { EmulatedDevice } from "./memory-lines.ts";

/** A device that speaks by itself, every so often; the turn counts up. */
export function talker(clock: Clock, everyMs: number, say: (turn: number) => Uint8Array): EmulatedDevice {
  return {
    receive: () => undefined,
    connect(send) {
      let turn = 0;
      return repeat(clock, everyMs, () => send(say(turn++)));
    },
  };
}

/** A device that answers frames. */
export function answerer<Frame>(
  format: FrameFormat<Frame>,
  answer: (frame: Frame, send: (bytes: Uint8Array) => void) => void,
): EmulatedDevice {
  let send: (bytes: Uint8Array) => void = () => undefined;
  let isOn = false;
  let decoder = createFrameDecoder(format);
  return {
    receive: (bytes) => decoder.push(bytes, (frame) => isOn && answer(frame, send)),
    connect(to) {
      [send, isOn] = [to, true];
      decoder = createFrameDecoder(format);
      return () => (isOn = false);
    },
  };
}

/** An LD19 in the middle of a round room of 2 m, 375 packets a second. */
export function emulatedLd19(clock: Clock): EmulatedDevice {
  const PACKETS = 37.5;
  return talker(clock, 8, (turn) => {
    const batch = [0, 1, 2].map((at) => {
      const startDeg = ((turn * 3 + at) * (360 / PACKETS)) % 360;
      const points = Array.from({ length: 12 }, () => ({ angleDeg: 0, distanceMm: 2000, confidence: 200 }));
      const endDeg = (startDeg + 8.8) % 360;
      return encodeLd19({ speedDegPerSecond: 3600, startDeg, endDeg, timestampMs: (turn * 8) % 30_000, points });
    });
    return Uint8Array.from(batch.flatMap((bytes) => [...bytes]));
  });
}

/** An RPLIDAR in a standard scan of 360 points at 10 Hz, once it is asked. */
export function emulatedRplidar(clock: Clock): EmulatedDevice {
  let stop: Cancel = () => undefined;
  let send: (bytes: Uint8Array) => void = () => undefined;
  const scan = (): void => {
    send(encodeDescriptor({ length: 5, mode: 1, answer: RPLIDAR_ANSWER.scan }));
    let at = 0;
    stop = repeat(clock, 10, () => {
      for (let point = 0; point < 36; point++, at++) {
        send(encodeNode({ isStart: at % 360 === 0, quality: 15, angleDeg: at % 360, distanceMm: 2000 }));
      }
    });
  };
  return {
    receive([, command]) {
      if (command === RPLIDAR_COMMAND.stop) stop();
      if (command === RPLIDAR_COMMAND.scan) scan();
      if (command !== RPLIDAR_COMMAND.getHealth) return;
      send(encodeDescriptor({ length: 3, mode: 0, answer: RPLIDAR_ANSWER.health }));
      send(Uint8Array.of(0, 0, 0));
    },
    connect(to) {
      send = to;
      return () => stop();
    },
  };
}

/** A TiM561 that sees 2 m everywhere, 15 scans a second. */
export function emulatedTim(clock: Clock): EmulatedDevice {
  const channel = {
    name: "DIST1",
    scale: 1,
    offset: 0,
    startDeg: -45,
    stepDeg: 1,
    values: Array<number>(271).fill(2000),
  };
  return talker(clock, 67, (turn) =>
    encodeTelegram(
      scanDataTelegram({
        version: 1,
        device: 1,
        serialNumber: 4711,
        status: [0, 0],
        telegramCounter: turn,
        scanCounter: turn,
        sinceBootUs: turn * 67_000,
        sentUs: turn * 67_000,
        scanHz: 15,
        measurementFrequency: 54,
        encoders: 0,
        channels16: [channel],
        channels8: [],
        tail: ["0", "0", "0", "0", "0", "0"],
      }),
    ),
  );
}

const TICK_MS = 15;

/** A Create 2 whose wheels turn as told, and go on as told last. `sent` is what it was told. */
export function emulatedRoomba(
  clock: Clock,
): EmulatedDevice & { readonly sent: OiCommand[]; lift(isUp: boolean): void } {
  const sent: OiCommand[] = [];
  const METRES_PER_COUNT = (Math.PI * 0.072) / 508.8;
  let [left, right, mode, isUp, isStreaming] = [0, 0, 0, false, false];
  const counts = { left: 65_500, right: 10 };
  let send: (bytes: Uint8Array) => void = () => undefined;
  const decoder = createFrameDecoder(OI_COMMAND_FORMAT);
  function obey(command: OiCommand): void {
    sent.push(command);
    if (command.type === "start") [mode, left, right] = [1, 0, 0];
    if (command.type === "safe" && !isUp) mode = 2;
    if (command.type === "full") mode = 3;
    if (command.type === "stream") isStreaming = true;
    if (command.type === "drive-direct" && mode >= 2) [left, right] = [command.left / 1000, command.right / 1000];
  }
  repeat(clock, TICK_MS, () => {
    counts.left += (left * TICK_MS) / 1000 / METRES_PER_COUNT;
    counts.right += (right * TICK_MS) / 1000 / METRES_PER_COUNT;
    if (!isStreaming) return;
    const encoder = (count: number): number => ((Math.floor(count) % 65_536) + 65_536) % 65_536;
    send(
      encodeStream(
        new Map([
          [PACKET.bumpsAndWheelDrops, isUp ? 0b1100 : 0],
          [PACKET.oiMode, mode],
          [PACKET.leftEncoder, encoder(counts.left)],
          [PACKET.rightEncoder, encoder(counts.right)],
        ]),
      ),
    );
  });
  return {
    sent,
    receive: (bytes) => decoder.push(bytes, obey),
    lift(up) {
      isUp = up;
      if (up && mode === 2) [mode, left, right] = [1, 0, 0];
    },
    connect(to) {
      send = to;
      return () => {
        send = () => undefined;
        isStreaming = false;
      };
    },
  };
}

/** Two VESCs with wheels of 0.1 m and 7 pole pairs, ids 1 (here) and 2 (on the bus). */
export function emulatedVescPair(clock: Clock): EmulatedDevice {
  const wheels = { 1: { erpm: 0, steps: 0 }, 2: { erpm: 0, steps: 0 } };
  repeat(clock, 10, () => {
    for (const wheel of [wheels[1], wheels[2]]) wheel.steps += ((wheel.erpm * 6) / 60) * 0.01;
  });
  const obey = (id: 1 | 2, packet: VescPacket, send: (bytes: Uint8Array) => void): void => {
    const wheel = wheels[id];
    if (packet.command === VESC_COMMAND.setRpm) wheel.erpm = readInt32(packet)!;
    if (packet.command === VESC_COMMAND.setCurrent) wheel.erpm = 0;
    if (packet.command !== VESC_COMMAND.getValues) return;
    const values = { fetTemperatureC: 30, motorTemperatureC: 30, motorCurrentA: 0, inputCurrentA: 0, duty: 0 };
    const { erpm, steps } = wheel;
    const tachometer = Math.trunc(steps);
    send(encodeVesc(encodeValues({ ...values, erpm, tachometer, inputVoltageV: 36, fault: 0, controllerId: id })));
  };
  return answerer(VESC_FORMAT, (packet, send) => {
    if (packet.command !== VESC_COMMAND.forwardCan) return obey(1, packet, send);
    obey(2, { command: packet.data[1]!, data: packet.data.subarray(2) }, send);
  });
}

const PACK = {
  voltageV: 26.4,
  currentA: -2.5,
  remainingAh: 15,
  nominalAh: 20,
  cycles: 12,
  madeOn: "2024-05-17",
  balanceLow: 0,
  balanceHigh: 0,
  protection: 0,
  version: "2.1",
  charge: 0.75,
  isChargingAllowed: true,
  isDischargingAllowed: true,
  cells: 8,
  temperaturesC: [24.5],
};

/** A JBD BMS that is three quarters full; its first answer is cut off, as of one that slept. */
export function emulatedJbd(): EmulatedDevice {
  let isAwake = false;
  return answerer(JBD_FORMAT, (frame, send) => {
    if (frame.type !== "read" || frame.register !== JBD_REGISTER.basicInfo) return;
    const reply = encodeJbdReply(JBD_REGISTER.basicInfo, encodeBasicInfo(PACK));
    send(isAwake ? reply : reply.subarray(0, 11));
    isAwake = true;
  });
}

/** A Daly BMS at 80 %, discharging. */
export function emulatedDaly(): EmulatedDevice {
  return answerer(DALY_FORMAT, ({ command }, send) => {
    if (command !== DALY_COMMAND.status) return;
    const data = new Uint8Array(8);
    viewOf(data).setUint16(0, 264);
    viewOf(data).setUint16(4, 29_950);
    viewOf(data).setUint16(6, 800);
    send(encodeDaly({ address: 1, command, data }));
  });
}

/** A Victron BMV at 83.9 %. */
export function emulatedBmv(clock: Clock): EmulatedDevice {
  const fields = new Map([
    ["V", "26201"],
    ["I", "-7626"],
    ["SOC", "839"],
  ]);
  return talker(clock, 1000, () => encodeVeText(fields));
}

/** A localiser that prints the pose 1, 2, 0.5. */
export function emulatedLocaliser(clock: Clock): EmulatedDevice {
  return talker(clock, 200, () => bytesOf("POSE 1.0 2.0 0.5 0.03 0.01\n"));
}

/** A scanner before a code, or before nothing. */
export function emulatedScanner(clock: Clock, front: "code" | "nothing"): EmulatedDevice {
  return front === "nothing"
    ? talker(clock, 1000, () => new Uint8Array())
    : talker(clock, 400, () => bytesOf("ABC-1\r\n"));
}
