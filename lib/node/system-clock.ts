import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import { randomUUID } from "node:crypto";
import type { Cancel, Clock, ClockState } from "../clock.ts";

/** How far the real clock is stretched: several processes that share `originMs` see the same scaled time. */
export interface ClockScale {
  /** Simulated seconds per real second. */
  readonly factor: number;
  /** The CLOCK_MONOTONIC reading (milliseconds) at which scaled and real time are equal. */
  readonly originMs: number;
}

/** CLOCK_MONOTONIC in milliseconds; on Linux all processes of one boot read the same clock. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

const SUSPEND_NOTICED_MS = 1000;
/** Before this the wall clock is taken for a board that woke up without a real-time clock. */
const EARLIEST_PLAUSIBLE_MS = Date.UTC(2026, 0, 1);

/**
 * The machine's clocks, stretched by `scale` where a demo or test asks for it. Node's monotonic clock stops in
 * suspend; it is re-anchored forward to the system's uptime so that leases run on.
 */
export function createSystemClock(scale: ClockScale = { factor: 1, originMs: 0 }): Clock {
  const wallAtOriginMs = Date.now() - monotonicMs() + scale.originMs;
  let suspendedMs = Math.max(0, uptime() * 1000 - monotonicMs());
  const bootId = readBootId();

  function realMs(): number {
    const monotonic = monotonicMs();
    const behindMs = uptime() * 1000 - (monotonic + suspendedMs);
    if (behindMs > SUSPEND_NOTICED_MS) suspendedMs += behindMs;
    return monotonic + suspendedMs;
  }
  function nowMs(): number {
    if (scale.factor === 1) return realMs();
    return scale.originMs + (monotonicMs() - scale.originMs) * scale.factor;
  }
  function wallMs(): number {
    if (scale.factor === 1) return Date.now();
    return Math.round(wallAtOriginMs + (monotonicMs() - scale.originMs) * scale.factor);
  }
  function state(): ClockState {
    return wallMs() >= EARLIEST_PLAUSIBLE_MS ? "synced" : "unsynced";
  }
  function after(delayMs: number, run: () => void): Cancel {
    const timer = setTimeout(run, Math.max(0, delayMs / scale.factor));
    return () => clearTimeout(timer);
  }
  return { bootId, nowMs, wallMs, state, after };
}

function readBootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    // Not Linux: every start counts as a boot, which only costs a re-verification.
    return randomUUID();
  }
}
