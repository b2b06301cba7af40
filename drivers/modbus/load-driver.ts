import { crc32 } from "node:zlib";
import { z } from "zod";
import { AgentError } from "#lib/errors";
import type { HandlingResult, LoadHandler, Verdict } from "../driver.ts";
import { createLineDevice, type LineDevice } from "../line-device.ts";
import type { DriverDeps } from "../line.ts";
import { baudRate, DevicePath } from "../options.ts";
import { createModbusBus } from "./bus.ts";
import { MODBUS_RESPONSE_FORMAT } from "./codec.ts";
import { LOAD_FAILURES, type LoadJob, type LoadStatus, PLACE_LENGTH_MAX, SKU_LENGTH_MAX } from "./load-registers.ts";
import { createLoadUnit } from "./load-unit.ts";

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
  const bus = createModbusBus({
    clock,
    unit: options.unit,
    line: () => device.line(),
    onFailure: () => device.countError(),
  });
  const unit = createLoadUnit(clock, bus, options, () => device.assertReachable());
  /** Settles when what this driver is at has ended. */
  let atWork: Promise<unknown> = Promise.resolve();
  const timeoutMs = options.timeoutSeconds * 1000;
  const device: LineDevice = createLineDevice({
    name: "modbus-load",
    clock,
    rng,
    dial: lines.serial({ path: options.path, baudRate: options.baudRate }),
    format: () => MODBUS_RESPONSE_FORMAT,
    silentMs: SILENT_MS,
    onFrame: (frame) => bus.receive(frame),
    // Failures are counted by the bus; silence is noticed.
    poll: { everyMs: POLL_MS, ask: () => void unit.status().catch(() => undefined) },
    onLost: () => unit.forget(),
  });

  /** Has a job done, or waits for the end of the one of this number that was begun before. */
  async function work(job: LoadJob): Promise<LoadStatus> {
    device.assertReachable();
    if (!device.isEnabled()) throw new AgentError("driver.failed", "modbus-load: the unit is not enabled");
    refuseLong(job);
    const before = await unit.status();
    if (before.job !== job.number || before.state === "failed") {
      await unit.order(job);
      await unit.when((status) => status.job === job.number, ACCEPT_MS);
    }
    const after = await unit.when(({ state, job: number }) => number === job.number && state !== "busy", timeoutMs);
    if (after.state === "done") return after;
    const known = LOAD_FAILURES[after.failure] ?? { reason: `failure ${after.failure}`, retryable: false };
    const message = `modbus-load: ${job.order} at ${job.place}: ${known.reason}`;
    throw new AgentError("driver.failed", message, { retryable: known.retryable });
  }
  async function pick({ key, sku, quantity, from }: Parameters<LoadHandler["pick"]>[0]): Promise<HandlingResult> {
    const { held } = await work({ order: "pick", number: numberOf(key), sku, quantity, place: from });
    return held ?? { sku, quantity };
  }
  async function place({ key, to }: Parameters<LoadHandler["place"]>[0]): Promise<HandlingResult> {
    device.assertReachable();
    const number = numberOf(key);
    const { job, held } = await unit.status();
    // A job that is known already is told of as it was written.
    const { sku, quantity } = (job === number ? await unit.job() : held) ?? NOTHING;
    const { handover } = await work({ order: "place", number, sku, quantity, place: to });
    return { sku, quantity, ...(handover === "unseen" ? {} : { handedOver: handover === "seen" }) };
  }
  function noted(result: Promise<HandlingResult>): Promise<HandlingResult> {
    atWork = result.catch(() => undefined);
    return result;
  }
  return {
    ...device,
    pick: (request) => noted(pick(request)),
    place: (request) => noted(place(request)),
    async verify(key): Promise<Verdict> {
      device.assertReachable();
      await atWork;
      const { state, job, hasMemory } = await unit.when((status) => status.state !== "busy", timeoutMs);
      if (job === numberOf(key)) return state === "done" ? "done" : "not-done";
      return hasMemory ? "not-done" : "unknown";
    },
    async held() {
      device.assertReachable();
      return (await unit.status()).held;
    },
  };
}

const NOTHING = { sku: "", quantity: 0 };

function refuseLong({ sku, place }: LoadJob): void {
  if (sku.length <= SKU_LENGTH_MAX && place.length <= PLACE_LENGTH_MAX) return;
  const limits = `SKUs of ${SKU_LENGTH_MAX} and places of ${PLACE_LENGTH_MAX} characters`;
  throw new AgentError("driver.failed", `modbus-load: the unit takes ${limits}, not ${sku} at ${place}`);
}

/** A number for a key that is the same after a restart of ours; 0 means none. */
function numberOf(key: string): number {
  return crc32(key) || 1;
}
