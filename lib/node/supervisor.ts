import { spawn } from "node:child_process";
import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";

/** The service manager that started this program and waits for word of it (`sd_notify(3)`). */
export interface Supervisor {
  /** It kills a program that it has not heard of for so long; undefined where it does not watch. */
  readonly watchdogMs: number | undefined;
  /** Says `READY=1`, `WATCHDOG=1` or `STATUS=…`. Does not wait; what comes while the word before is under way is dropped, but for `READY=1`. */
  tell(state: string): void;
}

export interface SupervisorOptions {
  readonly log: Log;
  /** The program's environment, unless given. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A service manager that does not exist lets `systemd-notify` wait for 5 s. */
const WITHIN_MS = 8000;
const US_PER_MS = 1000;

/** Undefined where nobody waits for word. Node has no datagrams on unix sockets, so `systemd-notify` carries them. */
export function findSupervisor({ log, environment = process.env }: SupervisorOptions): Supervisor | undefined {
  if (!environment["NOTIFY_SOCKET"]) return undefined;
  const { WATCHDOG_USEC: us, WATCHDOG_PID: pid } = environment;
  const isWatched = us !== undefined && Number(us) > 0 && (pid === undefined || Number(pid) === process.pid);
  let isUnderWay = false;
  let isReadyDue = false;
  function tell(state: string): void {
    if (isUnderWay) {
      isReadyDue ||= state === "READY=1";
      return;
    }
    isUnderWay = true;
    const child = spawn("systemd-notify", [`--pid=${process.pid}`, state], {
      env: environment,
      stdio: "ignore",
      timeout: WITHIN_MS,
    });
    child.once("error", (error) => log.error({ err: messageOf(error), state }, "the service manager was not told"));
    child.once("close", (code) => {
      if (code !== 0) log.warn({ code, state }, "the service manager was not told");
      isUnderWay = false;
      if (!isReadyDue) return;
      isReadyDue = false;
      tell("READY=1");
    });
  }
  return { watchdogMs: isWatched ? Number(us) / US_PER_MS : undefined, tell };
}
