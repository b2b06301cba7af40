import type { EmulatedDevice } from "#drivers/bench/memory-lines";
import type { HandlingResult, LoadHandler } from "#drivers/driver";
import type { ModbusLoadOptions } from "#drivers/modbus/load-driver";
import { decodeJob, encodeStatus, JOB_REGISTERS, type LoadJob, type LoadStatus } from "#drivers/modbus/load-registers";
import { AgentError } from "#lib/errors";
import { modbusSlave } from "./modbus-slave.ts";

/** Failure codes of `LOAD_FAILURES`, by what the world's hand says. */
const FAILURES = [
  { says: /slipped/, code: 1 },
  { says: /moved|moving/, code: 3 },
  { says: /already holds|is empty/, code: 4 },
  { says: /at work/, code: 5 },
] as const;
const NOT_THERE = 2;

/** A gripper with a controller of its own that works jobs with the world's hand, each once. */
export function emulateLoadUnit(
  { unit, jobRegister, statusRegister }: ModbusLoadOptions,
  hand: LoadHandler,
): EmulatedDevice {
  const registers = new Map<number, number>();
  let status: LoadStatus = {
    state: "idle",
    job: 0,
    hasMemory: true,
    failure: 0,
    handover: "unseen",
    held: undefined,
  };

  async function work(job: LoadJob): Promise<void> {
    status = { ...status, state: "busy", job: job.number, failure: 0 };
    try {
      const result = await handle(hand, job);
      const held = job.order === "pick" ? { sku: result.sku, quantity: result.quantity } : undefined;
      status = { ...status, state: "done", held, handover: handoverOf(result) };
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
      const failure = FAILURES.find(({ says }) => says.test(thrown.message))?.code ?? NOT_THERE;
      status = { ...status, state: "failed", failure };
    }
  }
  return modbusSlave(unit, {
    inputRegister: (at) => encodeStatus(status)[at - statusRegister] ?? 0,
    holdingRegisters: {
      read: (at) => registers.get(at) ?? 0,
      write(from, values) {
        values.forEach((value, index) => registers.set(from + index, value));
        if (from !== jobRegister) return;
        const job = decodeJob(Array.from({ length: JOB_REGISTERS }, (_, at) => registers.get(jobRegister + at) ?? 0));
        const isKnown = job?.number === status.job && status.state !== "failed";
        if (job && !isKnown && status.state !== "busy") void work(job);
      },
    },
  });
}

function handle(hand: LoadHandler, { order, number, sku, quantity, place }: LoadJob): Promise<HandlingResult> {
  const key = `job-${number}`;
  return order === "pick" ? hand.pick({ key, sku, quantity, from: place }) : hand.place({ key, to: place });
}

function handoverOf({ handedOver }: HandlingResult): LoadStatus["handover"] {
  if (handedOver === undefined) return "unseen";
  return handedOver ? "seen" : "not-seen";
}
