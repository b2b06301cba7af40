import { type Clock, sleep } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { ModbusBus } from "./bus.ts";
import {
  decodeJob,
  decodeStatus,
  encodeJob,
  JOB_REGISTERS,
  type LoadJob,
  type LoadStatus,
  STATUS_REGISTERS,
} from "./load-registers.ts";

/** The unit as its registers show it. */
export interface LoadUnit {
  /** Asks it; rejects `driver.timeout`, or `driver.failed` for a status that makes no sense. */
  status(): Promise<LoadStatus>;
  /** Writes a job, which the unit works once. */
  order(job: LoadJob): Promise<void>;
  /** The job that was written last. */
  job(): Promise<LoadJob | undefined>;
  /** What it says from now on when that is awaited for the first time; rejects `driver.timeout`, or what `assertReachable` throws. */
  when(isAwaited: (status: LoadStatus) => boolean, withinMs: number): Promise<LoadStatus>;
  /** Forgets what it said, as when the line is lost. */
  forget(): void;
}

const LOOK_MS = 100;

/** The unit at a place of a bus. */
export function createLoadUnit(
  clock: Clock,
  bus: ModbusBus,
  at: { readonly jobRegister: number; readonly statusRegister: number },
  assertReachable: () => void,
): LoadUnit {
  let newest: LoadStatus | undefined;
  return {
    async status() {
      const { data } = await bus.ask((client) => client.readInputRegisters(at.statusRegister, STATUS_REGISTERS));
      newest = decodeStatus(data);
      if (!newest) throw new AgentError("driver.failed", "modbus-load: the unit's status makes no sense");
      return newest;
    },
    async order(job) {
      try {
        await bus.ask((client) => client.writeRegisters(at.jobRegister, encodeJob(job)));
      } catch (thrown) {
        // The answer may be lost where the job is not: what the unit says of itself tells.
        if (!(thrown instanceof AgentError) || thrown.code !== "driver.timeout") throw thrown;
      }
    },
    async job() {
      const { data } = await bus.ask((client) => client.readHoldingRegisters(at.jobRegister, JOB_REGISTERS));
      return decodeJob(data);
    },
    async when(isAwaited, withinMs) {
      const untilMs = clock.nowMs() + withinMs;
      newest = undefined;
      for (;;) {
        if (newest && isAwaited(newest)) return newest;
        assertReachable();
        if (clock.nowMs() >= untilMs) break;
        await sleep(clock, LOOK_MS);
      }
      throw new AgentError("driver.timeout", `modbus-load: the unit was not through in ${withinMs / 1000} s`);
    },
    forget() {
      newest = undefined;
    },
  };
}
