import { answerer } from "#drivers/bench/emulated-devices";
import type { EmulatedDevice } from "#drivers/bench/memory-lines";
import type { BatterySample, Source } from "#drivers/driver";
import { bytesOf } from "#drivers/framing/bytes";
import { encodeBasicInfo, encodeJbdReply, JBD_FORMAT, JBD_REGISTER } from "#drivers/jbd/codec";

/** An eight-cell pack of lithium iron phosphate. */
const NOMINAL_AH = 40;
const EMPTY_V = 24;
const FULL_V = 27.2;
const FULL_CURRENT_A = 5;
/** Bytes that are left of the first answer of a BMS that slept. */
const HALF_AWAKE_BYTES = 11;

/** A JBD BMS of the world's battery. Its first answer on each connection is cut off, as of one that slept. */
export function emulateJbd(battery: Source<BatterySample>): EmulatedDevice {
  let isAwake = false;
  const device = answerer(JBD_FORMAT, (frame, send) => {
    if (frame.type !== "read") return;
    const reply = replyTo(frame.register, battery.latest());
    send(isAwake ? reply : reply.subarray(0, HALF_AWAKE_BYTES));
    isAwake = true;
  });
  return {
    receive: (bytes) => device.receive(bytes),
    connect(send) {
      isAwake = false;
      return device.connect(send);
    },
  };
}

function replyTo(register: number, sample: BatterySample | undefined): Uint8Array {
  const { charge, isCharging } = sample ?? { charge: 1, isCharging: false };
  if (register === JBD_REGISTER.version) return encodeJbdReply(register, bytesOf("SP08S-EMULATED"));
  if (register !== JBD_REGISTER.basicInfo) return encodeJbdReply(register, new Uint8Array(), 0x80);
  const info = {
    voltageV: EMPTY_V + (FULL_V - EMPTY_V) * charge,
    currentA: isCharging ? FULL_CURRENT_A : -FULL_CURRENT_A / 2,
    remainingAh: NOMINAL_AH * charge,
    nominalAh: NOMINAL_AH,
    cycles: 12,
    madeOn: "2024-05-17",
    balanceLow: 0,
    balanceHigh: 0,
    protection: 0,
    version: "2.1",
    charge,
    isChargingAllowed: true,
    isDischargingAllowed: true,
    cells: 8,
    temperaturesC: [24.5, 25.1],
  };
  return encodeJbdReply(register, encodeBasicInfo(info));
}
