import type { EmulatedDevice } from "#drivers/bench/memory-lines";
import type { ModbusIoOptions } from "#drivers/modbus/options";
import { modbusSlave } from "./modbus-slave.ts";

/** A board with coils and discrete inputs. All its inputs are on, as those of a safety relay are that has released. */
export function emulateIoBoard({ unit }: ModbusIoOptions): EmulatedDevice {
  const isOn = new Set<number>();
  return modbusSlave(unit, {
    coils: {
      read: (at) => isOn.has(at),
      write: (at, on) => void (on ? isOn.add(at) : isOn.delete(at)),
    },
    discreteInput: () => true,
  });
}
