import { z } from "zod";
import type { BaseDriver } from "../driver.ts";
import { concatBytes } from "../framing/bytes.ts";
import { createLineDevice, type LineDevice } from "../line-device.ts";
import type { DriverDeps } from "../line.ts";
import { baudRate, DevicePath } from "../options.ts";
import { createWheelDrive } from "../wheel-drive.ts";
import { counterStep, createWheelOdometry } from "../wheel-odometry.ts";
import { encodeOi, STREAM_FORMAT, type StreamFrame } from "./codec.ts";
import { PACKET } from "./packets.ts";

/** An iRobot Create 2 or Roomba of the 500 series or later, through its Open Interface. */
export const RoombaOptions = z.strictObject({
  driver: z.literal("roomba"),
  path: DevicePath,
  baudRate: baudRate(115_200),
  watchdog: z.enum(["guard", "none"]).default("guard").meta({
    description: "what stops the wheels when we are gone: a guard process; the base itself has no watchdog",
  }),
  mode: z.enum(["safe", "full"]).default("safe").meta({
    description: "safe: the base stops by itself at cliffs and when lifted; full: it does not",
  }),
});
export type RoombaOptions = z.infer<typeof RoombaOptions>;

/** From the specification: wheels 235 mm apart, 72 mm across, 508.8 counts a turn, 500 mm/s at most. */
const TRACK = 0.235;
const METRES_PER_COUNT = (Math.PI * 0.072) / 508.8;
const WHEEL_SPEED_MAX = 0.5;
/** A frame comes every 15 ms. */
const SILENT_MS = 300;
const STREAMED = [PACKET.bumpsAndWheelDrops, PACKET.oiMode, PACKET.leftEncoder, PACKET.rightEncoder];
const WHEEL_DROPS = 0b1100;
/** Modes in which the base obeys. */
const MODE_SAFE = 2;
/** A mode is told a few frames late. */
const MODE_GRACE_MS = 200;

/** The base driver. After a wheel dropped or a cliff, it is down until the wheels stand again. */
export function createRoomba(options: RoombaOptions, { clock, rng, lines }: DriverDeps): BaseDriver {
  const { path, mode } = options;
  const address = { path, baudRate: options.baudRate };
  const stop = encodeOi({ type: "drive-direct", left: 0, right: 0 });
  const odometry = createWheelOdometry(TRACK);
  let last: StreamFrame | undefined;
  let modeSetMs = -Infinity;

  const device: LineDevice = createLineDevice({
    name: "roomba",
    clock,
    rng,
    dial: options.watchdog === "guard" ? lines.guarded(address, stop) : lines.serial(address),
    format: () => STREAM_FORMAT,
    silentMs: SILENT_MS,
    // Passive mode: everything is told, nothing moves.
    greet: (line) =>
      line.write(concatBytes(encodeOi({ type: "start" }), encodeOi({ type: "stream", packets: STREAMED }))),
    onEnable(line) {
      modeSetMs = clock.nowMs();
      line.write(concatBytes(encodeOi({ type: mode }), stop));
    },
    onDisable(line) {
      wheels.halt(line);
      line.write(encodeOi({ type: "start" }));
    },
    onFrame(frame, atMs) {
      if (last)
        odometry.advance(rolled(last, frame, PACKET.leftEncoder), rolled(last, frame, PACKET.rightEncoder), atMs);
      last = frame;
      if (device.isEnabled() && isDisobedient() && !isLifted()) device.line()!.write(encodeOi({ type: mode }));
    },
    onLost() {
      last = undefined;
      odometry.pause();
      wheels.halt(undefined);
    },
    fault() {
      if (!device.isEnabled() || !isDisobedient()) return undefined;
      const why = isLifted() ? "a wheel has dropped" : "it has left its mode, as at a cliff";
      return { state: "down", reason: `roomba: ${why}` };
    },
  });
  const wheels = createWheelDrive({
    clock,
    device: () => device,
    track: TRACK,
    wheelSpeedMax: WHEEL_SPEED_MAX,
    encode: (left, right) => encodeOi({ type: "drive-direct", left: millimetres(left), right: millimetres(right) }),
  });

  function isDisobedient(): boolean {
    return clock.nowMs() - modeSetMs > MODE_GRACE_MS && (last?.get(PACKET.oiMode) ?? MODE_SAFE) < MODE_SAFE;
  }
  function isLifted(): boolean {
    return ((last?.get(PACKET.bumpsAndWheelDrops) ?? 0) & WHEEL_DROPS) !== 0;
  }
  return {
    ...device,
    drive: (velocity, validForMs) => wheels.drive(velocity, validForMs),
    latest: () => odometry.latest(),
  };
}

function rolled(from: StreamFrame, to: StreamFrame, packet: number): number {
  return counterStep(from.get(packet) ?? 0, to.get(packet) ?? 0, 16) * METRES_PER_COUNT;
}

function millimetres(metres: number): number {
  return Math.round(metres * 1000);
}
