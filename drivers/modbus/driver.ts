import modbusSerial from "modbus-serial";
import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { DigitalIo, InputSample } from "../driver.ts";
import { createLineDevice, type LineDevice } from "../line-device.ts";
import type { DriverDeps } from "../line.ts";
import { MODBUS_RESPONSE_FORMAT } from "./codec.ts";
import { LinePort } from "./line-port.ts";
import type { ModbusIoOptions } from "./options.ts";

const POLL_MS = 100;
const ANSWER_MS = 300;
const SILENT_MS = 1500;

/** The driver of the board. A safety relay is an input: its status is read, and nothing here can set it. */
export function createModbusIo(options: ModbusIoOptions, { clock, rng, lines }: DriverDeps): DigitalIo {
  let newest: InputSample | undefined;
  const port = new LinePort(() => device.line());
  const client = new modbusSerial.default(port);
  const bus = createBus(clock, () => device.countError());
  // Makes the client listen; the line is opened by the device.
  client.open(() => undefined);
  client.setID(options.unit);

  async function readInputs(): Promise<void> {
    const addresses = Object.values(options.inputs);
    const first = Math.min(...addresses, 0xffff) % 0xffff;
    const count = Math.max(...addresses, first) - first + 1;
    const { data } = await client.readDiscreteInputs(first, count);
    const inputs = Object.entries(options.inputs).map(([name, at]) => [name, data[at - first] === true] as const);
    newest = { atMs: clock.nowMs(), inputs: Object.fromEntries(inputs) };
  }
  async function write(coil: number, isOn: boolean): Promise<void> {
    try {
      await client.writeCoil(coil, isOn);
    } catch (thrown) {
      throw new AgentError("driver.timeout", `modbus: coil ${coil} could not be switched: ${reasonOf(thrown)}`, {
        retryable: true,
        cause: thrown,
      });
    }
  }
  function allOff(): void {
    for (const coil of Object.values(options.outputs)) bus.ask(() => write(coil, false)).catch(() => undefined);
  }

  const device: LineDevice = createLineDevice({
    name: "modbus-io",
    clock,
    rng,
    dial: lines.serial({ path: options.path, baudRate: options.baudRate }),
    format: () => MODBUS_RESPONSE_FORMAT,
    silentMs: SILENT_MS,
    onFrame: (frame) => port.receive(frame),
    poll: { everyMs: POLL_MS, ask: () => void bus.ask(readInputs).catch(() => undefined) },
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
      await bus.ask(() => write(coil, isOn));
    },
    async [Symbol.asyncDispose]() {
      await device.disable();
      // What was switched off is off on the wire before the line ends.
      await bus.idle();
      await device[Symbol.asyncDispose]();
    },
  };
}

/** A bus that carries one request at a time, each answered in time or given up. */
function createBus(
  clock: Clock,
  onFailure: () => void,
): { ask<Result>(request: () => Promise<Result>): Promise<Result>; idle(): Promise<void> } {
  let turn = Promise.resolve();
  /** The library's own time limit would not count on our clock. */
  function inTime<Result>(answer: Promise<Result>): Promise<Result> {
    const late = Promise.withResolvers<never>();
    const stop = clock.after(ANSWER_MS, () => {
      late.reject(new AgentError("driver.timeout", `modbus: no answer in ${ANSWER_MS} ms`, { retryable: true }));
    });
    return Promise.race([answer, late.promise]).finally(stop);
  }
  return {
    ask(request) {
      const result = turn.then(() => inTime(request()));
      turn = result.then(() => undefined, onFailure);
      return result;
    },
    idle: () => turn,
  };
}

/** The library rejects with errors that are none of JavaScript's. */
function reasonOf(thrown: unknown): string {
  const { message } = thrown as { readonly message?: unknown };
  return typeof message === "string" ? message : String(thrown);
}
