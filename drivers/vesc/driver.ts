import { z } from "zod";
import type { BaseDriver } from "../driver.ts";
import { concatBytes } from "../framing/bytes.ts";
import { createLineDevice, type LineDevice } from "../line-device.ts";
import type { DriverDeps } from "../line.ts";
import { baudRate, DevicePath, length } from "../options.ts";
import { createWheelDrive } from "../wheel-drive.ts";
import { counterStep, createWheelOdometry, type WheelSpeeds } from "../wheel-odometry.ts";
import {
  encodeVesc,
  readValues,
  VESC_FORMAT,
  type VescPacket,
  type VescValues,
  vescForward,
  vescGetValues,
  vescSetCurrent,
  vescSetRpm,
} from "./codec.ts";

const ControllerId = z.int().min(0).max(254);

/** Two VESC motor controllers, one on the serial line, the other behind it on the CAN bus. */
export const VescOptions = z.strictObject({
  driver: z.literal("vesc"),
  path: DevicePath,
  baudRate: baudRate(115_200),
  watchdog: z.enum(["guard", "device", "none"]).default("guard").meta({
    description:
      "what stops the wheels when we are gone: a guard process, or the controllers' own timeout (1 s as shipped)",
  }),
  leftId: ControllerId.meta({ description: "controller id of the left wheel" }),
  rightId: ControllerId.meta({ description: "controller id of the right wheel" }),
  local: z.enum(["left", "right"]).default("left").meta({ description: "which of them the serial line goes to" }),
  wheelRadius: length("radius of the driven wheels"),
  wheelTrack: length("distance of the driven wheels"),
  polePairs: z.int().min(1).max(100).meta({ description: "of each motor" }),
  gearRatio: z
    .number()
    .positive()
    .max(1000)
    .default(1)
    .meta({ unit: "1", description: "turns of the motor for one of the wheel" }),
  maxWheelSpeed: z
    .number()
    .positive()
    .max(10)
    .meta({ unit: "m/s", description: "neither wheel is asked to turn faster" }),
  invertLeft: z.boolean().default(false).meta({ description: "the left motor turns backwards to go ahead" }),
  invertRight: z.boolean().default(false).meta({ description: "the right motor turns backwards to go ahead" }),
});
export type VescOptions = z.infer<typeof VescOptions>;

type Side = "left" | "right";

const POLL_MS = 20;
const SILENT_MS = 300;
/** The tachometer counts the six steps of an electrical revolution. */
const STEPS = 6;
const SECONDS_PER_MINUTE = 60;

/** The base driver. Each sample takes an answer of both controllers. */
export function createVesc(options: VescOptions, { clock, rng, lines }: DriverDeps): BaseDriver {
  const ids: Record<Side, number> = { left: options.leftId, right: options.rightId };
  const signs: Record<Side, 1 | -1> = { left: options.invertLeft ? -1 : 1, right: options.invertRight ? -1 : 1 };
  const metresPerMotorTurn = (2 * Math.PI * options.wheelRadius) / options.gearRatio;
  const address = { path: options.path, baudRate: options.baudRate };
  const metresPerTurn = (side: Side): number => (signs[side] * metresPerMotorTurn) / options.polePairs;
  const wheelsTurned = createWheelCounter(ids, {
    metres: (side, steps) => (steps * metresPerTurn(side)) / STEPS,
    speed: (side, erpm) => (erpm * metresPerTurn(side)) / SECONDS_PER_MINUTE,
  });
  const odometry = createWheelOdometry(options.wheelTrack);
  const faults = new Map<number | undefined, string | undefined>();

  const to = (side: Side, packet: VescPacket): Uint8Array =>
    encodeVesc(side === options.local ? packet : vescForward(ids[side], packet));
  const erpm = (side: Side, speed: number): number =>
    (signs[side] * speed * SECONDS_PER_MINUTE * options.polePairs) / metresPerMotorTurn;
  const encode = (left: number, right: number): Uint8Array =>
    concatBytes(to("left", vescSetRpm(erpm("left", left))), to("right", vescSetRpm(erpm("right", right))));

  const device: LineDevice = createLineDevice({
    name: "vesc",
    clock,
    rng,
    dial: options.watchdog === "guard" ? lines.guarded(address, encode(0, 0)) : lines.serial(address),
    format: () => VESC_FORMAT,
    silentMs: SILENT_MS,
    poll: {
      everyMs: POLL_MS,
      ask: (line) => line.write(concatBytes(to("left", vescGetValues()), to("right", vescGetValues()))),
    },
    onDisable(line) {
      wheels.halt(line);
      line.write(concatBytes(to("left", vescSetCurrent(0)), to("right", vescSetCurrent(0))));
    },
    onFrame(packet, atMs) {
      const values = readValues(packet);
      if (!values) return;
      faults.set(values.controllerId, faultOf(values));
      const rolled = wheelsTurned.take(values);
      if (rolled) odometry.advance(rolled.left, rolled.right, atMs, rolled.speeds);
    },
    onLost() {
      wheelsTurned.clear();
      odometry.pause();
      wheels.halt(undefined);
    },
    fault() {
      const reason = [...faults.values()].find((fault) => fault !== undefined);
      return reason === undefined ? undefined : { state: "down", reason: `vesc: ${reason}` };
    },
  });
  const wheels = createWheelDrive({
    clock,
    device: () => device,
    track: options.wheelTrack,
    wheelSpeedMax: options.maxWheelSpeed,
    encode,
  });
  return {
    ...device,
    drive: (velocity, validForMs) => wheels.drive(velocity, validForMs),
    latest: () => odometry.latest(),
  };
}

/** What both wheels did from one pair of answers to the next. */
type Rolled = Record<Side, number> & { readonly speeds: WheelSpeeds };

/** Pairs the answers of both controllers and tells how far the wheels rolled from pair to pair, and how fast they roll. */
function createWheelCounter(
  ids: Record<Side, number>,
  scale: { metres(side: Side, steps: number): number; speed(side: Side, erpm: number): number },
): { take(values: VescValues): Rolled | undefined; clear(): void } {
  let last: Partial<Record<Side, VescValues>> = {};
  let fresh: Partial<Record<Side, VescValues>> = {};
  return {
    take(values) {
      if (values.controllerId === ids.left) fresh.left = values;
      if (values.controllerId === ids.right) fresh.right = values;
      const { left, right } = fresh;
      if (!left || !right) return undefined;
      const before = last;
      last = fresh;
      fresh = {};
      if (!before.left || !before.right) return undefined;
      return {
        left: scale.metres("left", counterStep(before.left.tachometer, left.tachometer, 32)),
        right: scale.metres("right", counterStep(before.right.tachometer, right.tachometer, 32)),
        speeds: { left: scale.speed("left", left.erpm), right: scale.speed("right", right.erpm) },
      };
    },
    clear() {
      last = {};
      fresh = {};
    },
  };
}

function faultOf({ fault, controllerId }: VescValues): string | undefined {
  return fault === 0 ? undefined : `controller ${controllerId ?? "?"} reports fault ${fault}`;
}
