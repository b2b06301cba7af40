import { bytesOf, textOf } from "../framing/bytes.ts";

/**
 * What a load-handling unit (a lift or gripper with a controller of its own) is told and tells in Modbus registers. A job is
 * written to its holding registers at once, its state is read from its input registers. Texts are ISO 8859-1, two characters a
 * register, the first in the high byte, filled up with zeros.
 */
export interface LoadJob {
  readonly order: "pick" | "place";
  /** Not 0. The unit works a job once, however often it is written. */
  readonly number: number;
  readonly quantity: number;
  readonly sku: string;
  readonly place: string;
}

export interface LoadStatus {
  readonly state: "idle" | "busy" | "done" | "failed";
  /** The job that the state is of; 0 before the first. */
  readonly job: number;
  /** Whether it knows every job since it was put into service; false after its memory was lost. */
  readonly hasMemory: boolean;
  readonly failure: number;
  /** After a place: whether the station's own sensor saw the item arrive; `unseen` without such a sensor. */
  readonly handover: "not-seen" | "seen" | "unseen";
  readonly held: { readonly sku: string; readonly quantity: number } | undefined;
}

/** Why a job failed, by code, and whether the same may be tried again. */
export const LOAD_FAILURES: Readonly<Record<number, { readonly reason: string; readonly retryable: boolean }>> = {
  1: { reason: "the item slipped", retryable: true },
  2: { reason: "the item is not there, or out of reach", retryable: false },
  3: { reason: "the robot moved during the job", retryable: true },
  4: { reason: "the unit already holds something, or holds nothing", retryable: false },
  5: { reason: "the unit was at work", retryable: true },
};

const ORDERS = ["pick", "place"] as const;
const STATES = ["idle", "busy", "done", "failed"] as const;
const HANDOVERS = ["not-seen", "seen", "unseen"] as const;
const SKU_REGISTERS = 16;
const PLACE_REGISTERS = 32;
const [JOB_HEAD, STATUS_HEAD] = [4, 7];

/** How many registers a job and a status take. */
export const JOB_REGISTERS = JOB_HEAD + SKU_REGISTERS + PLACE_REGISTERS;
export const STATUS_REGISTERS = STATUS_HEAD + SKU_REGISTERS;
/** The longest texts that fit. */
export const [SKU_LENGTH_MAX, PLACE_LENGTH_MAX] = [2 * SKU_REGISTERS, 2 * PLACE_REGISTERS] as const;

/** The registers of a job; texts that are too long are cut off. */
export function encodeJob({ order, number, quantity, sku, place }: LoadJob): number[] {
  const head = [ORDERS.indexOf(order) + 1, number >>> 16, number & 0xffff, quantity];
  return [...head, ...encodeText(sku, SKU_REGISTERS), ...encodeText(place, PLACE_REGISTERS)];
}

/** The job in registers, as a unit reads it; undefined for an unknown order or too few registers. */
export function decodeJob(registers: readonly number[]): LoadJob | undefined {
  const [order = 0, high = 0, low = 0, quantity = 0] = registers;
  const name = ORDERS[order - 1];
  if (name === undefined || registers.length < JOB_REGISTERS) return undefined;
  const sku = decodeText(registers.slice(JOB_HEAD, JOB_HEAD + SKU_REGISTERS));
  const place = decodeText(registers.slice(JOB_HEAD + SKU_REGISTERS, JOB_REGISTERS));
  return { order: name, number: high * 0x1_0000 + low, quantity, sku, place };
}

/** The registers of a status, as a unit sends them. */
export function encodeStatus({ state, job, hasMemory, failure, handover, held }: LoadStatus): number[] {
  const head = [
    STATES.indexOf(state),
    job >>> 16,
    job & 0xffff,
    Number(hasMemory),
    failure,
    HANDOVERS.indexOf(handover),
  ];
  return [...head, held?.quantity ?? 0, ...encodeText(held?.sku ?? "", SKU_REGISTERS)];
}

/** The status in registers; undefined for values that no unit has. */
export function decodeStatus(registers: readonly number[]): LoadStatus | undefined {
  const [stateCode = -1, high = 0, low = 0, memory = 0, failure = 0, handoverCode = -1, quantity = 0] = registers;
  const [state, handover] = [STATES[stateCode], HANDOVERS[handoverCode]];
  if (state === undefined || handover === undefined || registers.length < STATUS_REGISTERS) return undefined;
  const sku = decodeText(registers.slice(STATUS_HEAD, STATUS_REGISTERS));
  const held = quantity === 0 ? undefined : { sku, quantity };
  return { state, job: high * 0x1_0000 + low, hasMemory: memory === 1, failure, handover, held };
}

function encodeText(text: string, registers: number): number[] {
  const bytes = bytesOf(text);
  return Array.from({ length: registers }, (_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0));
}

function decodeText(registers: readonly number[]): string {
  const text = textOf(Uint8Array.from(registers.flatMap((register) => [register >> 8, register & 0xff])));
  const end = text.indexOf("\0");
  return end === -1 ? text : text.slice(0, end);
}
