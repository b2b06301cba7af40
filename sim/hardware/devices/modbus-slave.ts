import { answerer } from "#drivers/bench/emulated-devices";
import type { EmulatedDevice } from "#drivers/bench/memory-lines";
import { viewOf } from "#drivers/framing/bytes";
import { encodeModbus, MODBUS_REQUEST_FORMAT, type ModbusFrame } from "#drivers/modbus/codec";

/** What a unit on a Modbus RTU bus holds. What it does not have answers the exception "illegal data address". */
export interface ModbusTables {
  readonly coils?: { read(at: number): boolean; write(at: number, isOn: boolean): void };
  readonly discreteInput?: (at: number) => boolean;
  readonly inputRegister?: (at: number) => number;
  readonly holdingRegisters?: { read(at: number): number; write(from: number, values: readonly number[]): void };
}

const FUNCTION = {
  readCoils: 1,
  readDiscreteInputs: 2,
  readHoldingRegisters: 3,
  readInputRegisters: 4,
  writeCoil: 5,
  writeRegister: 6,
  writeRegisters: 16,
} as const;
const [ILLEGAL_FUNCTION, ILLEGAL_ADDRESS] = [1, 2];
const COIL_ON = 0xff00;

/** A unit on a bus, which hears its own address only. Source: Modbus Application Protocol V1.1b3. */
export function modbusSlave(unit: number, tables: ModbusTables): EmulatedDevice {
  return answerer(MODBUS_REQUEST_FORMAT, (request, send) => {
    if (request.unit !== unit) return;
    const answer = answerTo(request, tables);
    const { functionCode } = request;
    if (typeof answer !== "number") return send(encodeModbus({ unit, functionCode, data: answer }));
    send(encodeModbus({ unit, functionCode: functionCode + 0x80, data: Uint8Array.of(answer) }));
  });
}

/** The data of the answer, or the code of an exception. */
function answerTo({ functionCode, data }: ModbusFrame, tables: ModbusTables): Uint8Array | number {
  const view = viewOf(data);
  const [at, value] = [view.getUint16(0), view.getUint16(2)];
  const { coils, discreteInput, inputRegister, holdingRegisters } = tables;
  switch (functionCode) {
    case FUNCTION.readCoils:
      return coils ? bits(at, value, (address) => coils.read(address)) : ILLEGAL_ADDRESS;
    case FUNCTION.readDiscreteInputs:
      return discreteInput ? bits(at, value, discreteInput) : ILLEGAL_ADDRESS;
    case FUNCTION.readHoldingRegisters:
      return holdingRegisters ? words(at, value, (address) => holdingRegisters.read(address)) : ILLEGAL_ADDRESS;
    case FUNCTION.readInputRegisters:
      return inputRegister ? words(at, value, inputRegister) : ILLEGAL_ADDRESS;
    case FUNCTION.writeCoil:
      coils?.write(at, value === COIL_ON);
      return coils ? data : ILLEGAL_ADDRESS;
    case FUNCTION.writeRegister:
      holdingRegisters?.write(at, [value]);
      return holdingRegisters ? data : ILLEGAL_ADDRESS;
    case FUNCTION.writeRegisters:
      // Behind address and count there is one byte that counts bytes.
      holdingRegisters?.write(
        at,
        Array.from({ length: value }, (_, index) => view.getUint16(5 + 2 * index)),
      );
      return holdingRegisters ? data.slice(0, 4) : ILLEGAL_ADDRESS;
    default:
      return ILLEGAL_FUNCTION;
  }
}

/** A byte that counts bytes, then one bit for each address, the first in the lowest bit. */
function bits(from: number, count: number, read: (at: number) => boolean): Uint8Array {
  const answer = new Uint8Array(1 + Math.ceil(count / 8));
  answer[0] = answer.length - 1;
  for (let index = 0; index < count; index++) {
    if (read(from + index)) answer[1 + (index >> 3)]! |= 1 << (index & 7);
  }
  return answer;
}

/** A byte that counts bytes, then one register for each address, high byte first. */
function words(from: number, count: number, read: (at: number) => number): Uint8Array {
  const answer = new Uint8Array(1 + 2 * count);
  answer[0] = 2 * count;
  for (let index = 0; index < count; index++) viewOf(answer).setUint16(1 + 2 * index, read(from + index));
  return answer;
}
