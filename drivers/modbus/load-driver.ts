import { crc32 } from "node:zlib";
import { z } from "zod";
import { sleep } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { HandlingResult, LoadHandler, Verdict } from "../driver.ts";
import { createLineDevice, type LineDevice } from "../line-device.ts";
import type { DriverDeps } from "../line.ts";
import { baudRate, DevicePath } from "../options.ts";
import { createModbusBus } from "./bus.ts";
import { MODBUS_RESPONSE_FORMAT } from "./codec.ts";
import {
  decodeStatus,
  encodeJob,
  LOAD_FAILURES,
  type LoadJob,
  type LoadStatus,
  PLACE_LENGTH_MAX,
  SKU_LENGTH_MAX,
  STATUS_REGISTERS,
} from "./load-registers.ts";

const Register = z.int().min(0).max(65_000);

/** A lift or gripper with a controller of its own on Modbus RTU, which takes jobs and remembers the last one. */
export const ModbusLoadOptions = z.strictObject({
  driver: z.literal("modbus-load"),
  path: DevicePath,
  baudRate: baudRate(19_200),
  unit: z.int().min(1).max(247).default(1).meta({ description: "address of the unit on the bus" }),
  jobRegister: Register.default(0).meta({ description: "first holding register of the job" }),
  statusRegister: Register.default(0).meta({ description: "first input register of the status" }),
  timeoutSeconds: z.number().min(1).max(600).default(60).meta({ unit: "s", description: "longest job" }),
});
export type ModbusLoadOptions = z.infer<typeof ModbusLoadOptions>;

const POLL_MS = 200;
const SILENT_MS = 1500;
/** A unit that got a job says so by the next times it is asked. */
const ACCEPT_MS = 2000;

/** The driver of the unit. A job's number is made of the key of the attempt: the unit works it once and can say what became of it. */
export function createModbusLoad(options: ModbusLoadOptions, { clock, rng, lines }: DriverDeps): LoadHandler {
  let newest: LoadStatus | undefined;
  const bus = createModbusBus({
    clock,
    unit: options.unit,
    line: () => device.line(),
    onFailure: () => device.countError(),
  });
  const device: LineDevice = createLineDevice({
    name: "modbus-load",
    clock,
    rng,
    dial: lines.serial({ path: options.path, baudRate: options.baudRate }),
    format: () => MODBUS_RESPONSE_FORMAT,
    silentMs: SILENT_MS,
    onFrame: (frame) => bus.receive(frame),
    poll: { everyMs: POLL_MS, ask: () => void readStatus().catch(() => undefined) },
    onLost: () => (newest = undefined),
  });

  async function readStatus(): Promise<LoadStatus> {
    const { data } = await bus.ask((client) => client.readInputRegisters(options.statusRegister, STATUS_REGISTERS));
    newest = decodeStatus(data);
    if (!newest) throw new AgentError("driver.failed", "modbus-load: the unit's status makes no sense");
    return newest;
  }
  /** Waits until the unit is through with what it does; what it says then. A lost line is waited for as well. */
  async function whenThrough(isThrough: (status: LoadStatus) => boolean, withinMs: number): Promise<LoadStatus> {
    const untilMs = clock.nowMs() + withinMs;
    for (;;) {
      if (newest && isThrough(newest)) return newest;
      if (clock.nowMs() >= untilMs) break;
      await sleep(clock, POLL_MS / 2);
    }
    throw new AgentError("driver.timeout", `modbus-load: the unit was not through in ${withinMs / 1000} s`);
  }
  async function order(job: LoadJob): Promise<void> {
    try {
      await bus.ask((client) => client.writeRegisters(options.jobRegister, encodeJob(job)));
    } catch (thrown) {
      // The answer may be lost where the job is not: what the unit says of itself tells.
      if (!(thrown instanceof AgentError) || thrown.code !== "driver.timeout") throw thrown;
    }
  }
  async function work(job: LoadJob): Promise<LoadStatus> {
    device.assertReachable();
    if (!device.isEnabled()) throw new AgentError("driver.failed", "modbus-load: the unit is not enabled");
    refuseLong(job);
    const before = await readStatus();
    if (before.job !== job.number || before.state === "failed") {
      await order(job);
      newest = undefined;
      await whenThrough((status) => status.job === job.number, ACCEPT_MS);
    }
    const isOver = ({ state, job: number }: LoadStatus): boolean => number === job.number && state !== "busy";
    const after = await whenThrough(isOver, options.timeoutSeconds * 1000);
    if (after.state === "done") return after;
    const { reason, retryable } = LOAD_FAILURES[after.failure] ?? {
      reason: `failure ${after.failure}`,
      retryable: false,
    };
    throw new AgentError("driver.failed", `modbus-load: ${job.order} at ${job.place}: ${reason}`, { retryable });
  }
  /** Counts what came to nothing. */
  async function counted<Result>(result: Promise<Result>): Promise<Result> {
    try {
      return await result;
    } catch (thrown) {
      device.countError();
      throw thrown;
    }
  }
  return {
    ...device,
    pick: ({ key, sku, quantity, from }) =>
      counted(
        work({ order: "pick", number: numberOf(key), sku, quantity, place: from }).then(
          ({ held }): HandlingResult => held ?? { sku, quantity },
        ),
      ),
    place: ({ key, to }) => counted(place(key, to)),
    verify: (key) => counted(verify(numberOf(key))),
    async held() {
      device.assertReachable();
      return (await readStatus()).held;
    },
  };

  async function place(key: string, to: string): Promise<HandlingResult> {
    device.assertReachable();
    const load = (await readStatus()).held ?? { sku: "", quantity: 0 };
    const { handover } = await work({ order: "place", number: numberOf(key), ...load, place: to });
    return { ...load, ...(handover === "unseen" ? {} : { handedOver: handover === "seen" }) };
  }
  async function verify(number: number): Promise<Verdict> {
    device.assertReachable();
    newest = undefined;
    const { state, job, hasMemory } = await whenThrough((each) => each.state !== "busy", options.timeoutSeconds * 1000);
    if (job === number) return state === "done" ? "done" : "not-done";
    return hasMemory ? "not-done" : "unknown";
  }
}

function refuseLong({ sku, place }: LoadJob): void {
  if (sku.length <= SKU_LENGTH_MAX && place.length <= PLACE_LENGTH_MAX) return;
  const limits = `SKUs of ${SKU_LENGTH_MAX} and places of ${PLACE_LENGTH_MAX} characters`;
  throw new AgentError("driver.failed", `modbus-load: the unit takes ${limits}, not ${sku} at ${place}`);
}

/** A number for a key that is the same after a restart of ours; 0 means none. */
function numberOf(key: string): number {
  return crc32(key) || 1;
}
