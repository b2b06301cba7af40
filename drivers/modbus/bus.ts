import modbusSerial from "modbus-serial";
import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Line } from "../line.ts";
import type { ModbusFrame } from "./codec.ts";
import { LinePort } from "./line-port.ts";

type Client = InstanceType<typeof modbusSerial.default>;

/** A bus that carries one request at a time, each answered in time or given up. */
export interface ModbusBus {
  /** Takes an answer from the line. */
  receive(frame: ModbusFrame): void;
  /** Asks when it is our turn; rejects `driver.timeout` without an answer, `driver.failed` when the device refuses. */
  ask<Result>(request: (client: Client) => Promise<Result>): Promise<Result>;
  /** Resolves when what was asked so far is over. */
  idle(): Promise<void>;
}

export interface ModbusBusOptions {
  readonly clock: Clock;
  readonly unit: number;
  readonly line: () => Line | undefined;
  readonly onFailure: () => void;
}

const ANSWER_MS = 300;

/** The master of a bus on a supervised line. */
export function createModbusBus({ clock, unit, line, onFailure }: ModbusBusOptions): ModbusBus {
  const port = new LinePort(line);
  const client = new modbusSerial.default(port);
  // Makes the client listen; the line is opened by the device.
  client.open(() => undefined);
  client.setID(unit);
  let turn = Promise.resolve();

  /** The library's own time limit would not count on our clock. */
  async function inTime<Result>(answer: Promise<Result>): Promise<Result> {
    const late = Promise.withResolvers<never>();
    const stop = clock.after(ANSWER_MS, () => {
      late.reject(new AgentError("driver.timeout", `modbus: no answer in ${ANSWER_MS} ms`, { retryable: true }));
    });
    try {
      return await Promise.race([answer, late.promise]);
    } catch (thrown) {
      if (thrown instanceof AgentError) throw thrown;
      throw new AgentError("driver.failed", `modbus: ${reasonOf(thrown)}`, { retryable: true, cause: thrown });
    } finally {
      stop();
    }
  }
  return {
    receive: (frame) => port.receive(frame),
    ask(request) {
      const result = turn.then(() => inTime(request(client)));
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
