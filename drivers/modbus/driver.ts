import { AgentError, messageOf } from "#lib/errors";
import type { DigitalIo, InputSample } from "../driver.ts";
import { createLineDevice, type LineDevice } from "../line-device.ts";
import type { DriverDeps } from "../line.ts";
import { createModbusBus } from "./bus.ts";
import { MODBUS_RESPONSE_FORMAT } from "./codec.ts";
import type { ModbusIoOptions } from "./options.ts";

const POLL_MS = 100;
const SILENT_MS = 1500;

/** The driver of the board. A safety relay is an input: its status is read, and nothing here can set it. */
export function createModbusIo(options: ModbusIoOptions, { clock, rng, lines }: DriverDeps): DigitalIo {
  let newest: InputSample | undefined;
  const bus = createModbusBus({
    clock,
    unit: options.unit,
    line: () => device.line(),
    onFailure: () => device.countError(),
  });

  async function readInputs(): Promise<void> {
    const addresses = Object.values(options.inputs);
    const first = Math.min(...addresses, 0xffff) % 0xffff;
    const count = Math.max(...addresses, first) - first + 1;
    const { data } = await bus.ask((client) => client.readDiscreteInputs(first, count));
    const inputs = Object.entries(options.inputs).map(([name, at]) => [name, data[at - first] === true] as const);
    newest = { atMs: clock.nowMs(), inputs: Object.fromEntries(inputs) };
  }
  async function write(coil: number, isOn: boolean): Promise<void> {
    try {
      await bus.ask((client) => client.writeCoil(coil, isOn));
    } catch (thrown) {
      throw new AgentError("driver.timeout", `modbus: coil ${coil} could not be switched: ${messageOf(thrown)}`, {
        retryable: true,
        cause: thrown,
      });
    }
  }
  function allOff(): void {
    for (const coil of Object.values(options.outputs)) write(coil, false).catch(() => undefined);
  }

  const device: LineDevice = createLineDevice({
    name: "modbus-io",
    clock,
    rng,
    dial: lines.serial({ path: options.path, baudRate: options.baudRate }),
    format: () => MODBUS_RESPONSE_FORMAT,
    silentMs: SILENT_MS,
    onFrame: (frame) => bus.receive(frame),
    poll: { everyMs: POLL_MS, ask: () => void readInputs().catch(() => undefined) },
    onEnable: allOff,
    onDisable: allOff,
  });
  return {
    ...device,
    latest: () => newest,
    async set(output, isOn) {
      device.assertReachable();
      const coil = options.outputs[output];
      if (coil === undefined) throw new AgentError("driver.failed", `modbus: there is no output ${output}`);
      if (!device.isEnabled()) throw new AgentError("driver.failed", "modbus: the outputs are not enabled");
      await write(coil, isOn);
    },
    async [Symbol.asyncDispose]() {
      await device.disable();
      // What was switched off is off on the wire before the line ends.
      await bus.idle();
      await device[Symbol.asyncDispose]();
    },
  };
}
