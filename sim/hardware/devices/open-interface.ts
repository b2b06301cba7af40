import type { EmulatedDevice } from "#drivers/bench/memory-lines";
import { bytesOf } from "#drivers/framing/bytes";
import { createFrameDecoder } from "#drivers/framing/frame-decoder";
import { encodeStream, OI_COMMAND_FORMAT, type OiCommand } from "#drivers/roomba/codec";
import { PACKET, PACKETS } from "#drivers/roomba/packets";
import { type Clock, repeat } from "#lib/clock";
import type { Wheels } from "./wheels.ts";

/** What a Create 2 prints when its power comes on. */
export const OI_BANNER: Uint8Array = bytesOf("bl-start\r\nSTR730\r\nbootloader id: #x47175347 4C636FFF\r\n");
/** Of the Create 2: 235 mm apart. */
export const OI_TRACK = 0.235;

/** The specification: a stream frame every 15 ms, wheels of 72 mm with 508.8 counts a turn, 500 mm/s at most. */
const STREAM_MS = 15;
const METRES_PER_COUNT = (Math.PI * 0.072) / 508.8;
const SPEED_MAX_MM = 500;
const [STRAIGHT, STRAIGHT_TOO] = [0x7fff, -0x8000];
const MODE = { off: 0, passive: 1, safe: 2, full: 3 } as const;
/** The modes that commands lead to. */
const ENTERED: { readonly [Type in OiCommand["type"]]?: number } = {
  start: MODE.passive,
  safe: MODE.safe,
  full: MODE.full,
  stop: MODE.off,
  power: MODE.off,
  reset: MODE.off,
};

/** A Create 2 on the Open Interface. Once told a speed it keeps it: in safe and full mode nothing but a command stops it. */
export function emulateOpenInterface(wheels: Wheels, clock: Clock): EmulatedDevice {
  let mode: number = MODE.off;
  let streamed: readonly number[] = [];
  let isStreaming = false;
  let send: (bytes: Uint8Array) => void = () => undefined;
  const decoder = createFrameDecoder(OI_COMMAND_FORMAT);

  function enter(next: number): void {
    mode = next;
    if (mode <= MODE.passive) wheels.turn(0, 0);
  }
  function drive(left: number, right: number): void {
    const limited = (speed: number): number => Math.max(-SPEED_MAX_MM, Math.min(SPEED_MAX_MM, speed)) / 1000;
    if (mode >= MODE.safe) wheels.turn(limited(left), limited(right));
  }
  function obey(command: OiCommand): void {
    // Before `start` the interface is off and hears nothing else.
    if (mode === MODE.off && command.type !== "start") return;
    const entered = ENTERED[command.type];
    if (entered !== undefined) enter(entered);
    else if (command.type === "drive-direct") drive(command.left, command.right);
    else if (command.type === "drive") drive(...wheelsOf(command.mmPerSecond, command.radiusMm));
    else if (command.type === "query") for (const id of command.packets) send(answerTo(id));
    else if (command.type === "stream") [streamed, isStreaming] = [command.packets, true];
    else if (command.type === "toggle-stream") isStreaming = command.state === 1;
  }
  function valueOf(id: number): number {
    const { left, right } = wheels.rolled();
    if (id === PACKET.oiMode) return mode;
    if (id === PACKET.leftEncoder) return counts(left);
    if (id === PACKET.rightEncoder) return counts(right);
    return 0;
  }
  function answerTo(id: number): Uint8Array {
    const value = valueOf(id);
    return PACKETS[id]?.bytes === 2 ? Uint8Array.of(value >> 8, value & 0xff) : Uint8Array.of(value & 0xff);
  }
  return {
    receive: (bytes) => decoder.push(bytes, obey),
    connect(to) {
      send = to;
      const stop = repeat(clock, STREAM_MS, () => {
        if (isStreaming) send(encodeStream(new Map(streamed.map((id) => [id, valueOf(id)]))));
      });
      return () => {
        stop();
        send = () => undefined;
      };
    },
  };
}

/** Speeds of the left and right wheel for the command `drive`. */
function wheelsOf(speed: number, radius: number): [number, number] {
  if (radius === STRAIGHT || radius === STRAIGHT_TOO) return [speed, speed];
  if (Math.abs(radius) <= 1) return [-speed * radius, speed * radius];
  const half = (OI_TRACK * 1000) / 2;
  return [(speed * (radius - half)) / radius, (speed * (radius + half)) / radius];
}

/** A counter of 16 bits. */
function counts(metres: number): number {
  return Math.floor(metres / METRES_PER_COUNT) & 0xffff;
}
