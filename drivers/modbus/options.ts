import { z } from "zod";
import { baudRate, DevicePath } from "../options.ts";

const Address = z.int().min(0).max(65_535);

/** A Modbus RTU board with coils and discrete inputs: brushes, pumps, a lift, the status of a safety relay. */
export const ModbusIoOptions = z.strictObject({
  driver: z.literal("modbus-io"),
  path: DevicePath,
  baudRate: baudRate(9600),
  unit: z.int().min(1).max(247).default(1).meta({ description: "address of the board on the bus" }),
  outputs: z.record(z.string(), Address).default({}).meta({ description: "names of coils and their addresses" }),
  inputs: z
    .record(z.string(), Address)
    .default({})
    .meta({ description: "names of discrete inputs and their addresses" }),
});
export type ModbusIoOptions = z.infer<typeof ModbusIoOptions>;
