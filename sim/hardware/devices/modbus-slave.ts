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
  const answer = ANSWERS[functionCode];
  if (!answer) return ILLEGAL_FUNCTION;
  const view = viewOf(data);
  return answer({ data, view, at: view.getUint16(0), value: view.getUint16(2) }, tables) ?? ILLEGAL_ADDRESS;
}

/** A request of any function: all begin with an address and a value, or a count. */
interface Request {
  readonly data: Uint8Array;
  readonly view: DataView;
  readonly at: number;
  readonly value: number;
}

/** What each function answers; undefined where the unit has no such table. */
const ANSWERS: Readonly<Record<number, (request: Request, tables: ModbusTables) => Uint8Array | undefined>> = {
  [FUNCTION.readCoils]: ({ at, value }, { coils }) => coils && bits(at, value, (address) => coils.read(address)),
  [FUNCTION.readDiscreteInputs]: ({ at, value }, { discreteInput }) => discreteInput && bits(at, value, discreteInput),
  [FUNCTION.readHoldingRegisters]: ({ at, value }, { holdingRegisters }) =>
    holdingRegisters && words(at, value, (address) => holdingRegisters.read(address)),
  [FUNCTION.readInputRegisters]: ({ at, value }, { inputRegister }) => inputRegister && words(at, value, inputRegister),
  [FUNCTION.writeCoil]({ data, at, value }, { coils }) {
    coils?.write(at, value === COIL_ON);
    return coils && data;
  },
  [FUNCTION.writeRegister]({ data, at, value }, { holdingRegisters }) {
    holdingRegisters?.write(at, [value]);
    return holdingRegisters && data;
  },
  [FUNCTION.writeRegisters]({ data, view, at, value }, { holdingRegisters }) {
    // Behind address and count there is one byte that counts bytes.
    const values = Array.from({ length: value }, (_, index) => view.getUint16(5 + 2 * index));
    holdingRegisters?.write(at, values);
    return holdingRegisters && data.slice(0, 4);
  },
};

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
