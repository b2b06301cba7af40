import { answerer } from "#drivers/bench/emulated-devices";
import type { EmulatedDevice } from "#drivers/bench/memory-lines";
import { encodeValues, encodeVesc, readInt32, VESC_COMMAND, VESC_FORMAT, type VescPacket } from "#drivers/vesc/codec";
import type { VescOptions } from "#drivers/vesc/driver";
import type { Cancel, Clock } from "#lib/clock";
import type { Wheels } from "./wheels.ts";

type Side = "left" | "right";

/** As shipped: a controller that hears no command for so long lets its motor go. */
const TIMEOUT_MS = 1000;
/** The tachometer counts the six steps of an electrical revolution. */
const STEPS = 6;
const SECONDS_PER_MINUTE = 60;
const MEASURED = { fetTemperatureC: 31.5, motorTemperatureC: 28, motorCurrentA: 1.2, inputCurrentA: 0.6, duty: 0 };
const FIRMWARE = { command: VESC_COMMAND.firmwareVersion, data: Uint8Array.of(5, 3, 0x36, 0x30, 0) };

/** Two VESCs with the motors, ids and wheels that the driver's options tell, one on the line, the other on its CAN bus. */
export function emulateVescPair(options: VescOptions, wheels: Wheels, clock: Clock): EmulatedDevice {
  const metresPerTurn = (2 * Math.PI * options.wheelRadius) / options.gearRatio;
  const sign = { left: options.invertLeft ? -1 : 1, right: options.invertRight ? -1 : 1 };
  const speeds = { left: 0, right: 0 };
  const timeouts: Record<Side, Cancel> = { left: () => undefined, right: () => undefined };
  const remote: Side = options.local === "left" ? "right" : "left";
  const idOf = (side: Side): number => (side === "left" ? options.leftId : options.rightId);

  function turn(side: Side, speed: number): void {
    speeds[side] = speed;
    wheels.turn(speeds.left, speeds.right);
    timeouts[side]();
    if (speed !== 0) timeouts[side] = clock.after(TIMEOUT_MS, () => turn(side, 0));
  }
  function valuesOf(side: Side): VescPacket {
    const rolled = wheels.rolled();
    const speed = side === "left" ? rolled.leftSpeed : rolled.rightSpeed;
    return encodeValues({
      ...MEASURED,
      erpm: (sign[side] * speed * SECONDS_PER_MINUTE * options.polePairs) / metresPerTurn,
      inputVoltageV: 26.1,
      tachometer: Math.trunc((sign[side] * rolled[side] * STEPS * options.polePairs) / metresPerTurn),
      fault: 0,
      controllerId: idOf(side),
    });
  }
  function obey(side: Side, packet: VescPacket, send: (bytes: Uint8Array) => void): void {
    const value = readInt32(packet);
    if (packet.command === VESC_COMMAND.setRpm && value !== undefined) {
      turn(side, (sign[side] * value * metresPerTurn) / (SECONDS_PER_MINUTE * options.polePairs));
    }
    if (packet.command === VESC_COMMAND.setCurrent || packet.command === VESC_COMMAND.setDuty) {
      if (value === 0) turn(side, 0);
    }
    if (packet.command === VESC_COMMAND.getValues) send(encodeVesc(valuesOf(side)));
    if (packet.command === VESC_COMMAND.firmwareVersion) send(encodeVesc(FIRMWARE));
  }
  return answerer(VESC_FORMAT, (packet, send) => {
    if (packet.command !== VESC_COMMAND.forwardCan) return obey(options.local, packet, send);
    const [id, command] = packet.data;
    if (id === idOf(remote) && command !== undefined) obey(remote, { command, data: packet.data.subarray(2) }, send);
  });
}
