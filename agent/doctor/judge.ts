import type { BoardReading } from "#lib/board";
import type { ClockState } from "#lib/clock";
import type { Health } from "#drivers/driver";
import { describeLink, type LinkState } from "../core/link-state.ts";
import type { FlashBudget } from "../telemetry/flash-budget.ts";
import { fine, problem, unknown, warning, type Finding } from "./finding.ts";

const MEGA = 1e6;
/** The storage reserve and one checkpoint fit into this. */
const DISK_BYTES_MIN = 20 * MEGA;
const DISK_BYTES_LOW = 200 * MEGA;
const MEMORY_BYTES_MIN = 30 * MEGA;
const MEMORY_BYTES_LOW = 100 * MEGA;
/** Boards throttle from about 80 degrees on and switch off above 95. */
const CELSIUS_HOT = 75;
const CELSIUS_MAX = 90;
const LIFE_USED_MAX = 0.9;
const YEARS_MIN = 2;
const DAY_MS = 86_400_000;
const EXPIRES_SOON_DAYS = 30;

/** Room on the disk that holds the data. */
export function judgeSpace({ diskFreeBytes: free }: BoardReading, dataDir: string): Finding {
  if (free === undefined) return unknown("storage", `the free space of ${dataDir} can't be read`);
  const room = `${Math.round(free / MEGA)} MB are free in ${dataDir}`;
  const why = "on a full disk new contracts are refused and telemetry is given up";
  if (free < DISK_BYTES_MIN) return problem("storage", room, why, "delete what is not needed, or use a larger disk");
  return free < DISK_BYTES_LOW ? warning("storage", room, why, "make room soon") : fine("storage", room);
}

export function judgeMemory({ memoryAvailableBytes: free, memoryPressure }: BoardReading): Finding {
  if (free === undefined) return unknown("memory", "the free memory can't be read here");
  const room = `${Math.round(free / MEGA)} MB of memory are free`;
  const why = "without memory the system ends programs, the agent among them";
  const remedy = "end other programs, or use a board with more";
  if (free < MEMORY_BYTES_MIN) return problem("memory", room, why, remedy);
  const isTight = free < MEMORY_BYTES_LOW || (memoryPressure ?? 0) > 0.1;
  return isTight ? warning("memory", room, why, remedy) : fine("memory", room);
}

export function judgeTemperature({ temperatureCelsius: celsius }: BoardReading): Finding {
  if (celsius === undefined) return unknown("temperature", "the board tells no temperature");
  const hot = `the board is at ${celsius.toFixed(0)} degrees Celsius`;
  const why = "a hot board slows down, late ticks stop the robot, and at last it switches off";
  const remedy = "check fan, vents and sun";
  if (celsius > CELSIUS_MAX) return problem("temperature", hot, why, remedy);
  return celsius > CELSIUS_HOT ? warning("temperature", hot, why, remedy) : fine("temperature", hot);
}

export function judgeFlash({ deviceLifeUsed: used }: BoardReading, flash: FlashBudget | undefined): Finding {
  const remedy = "plan to replace the disk, and keep telemetry.db smaller (storage.telemetryMB)";
  const why = "a worn disk fails without a warning, and the journal with it";
  if (used !== undefined && used >= LIFE_USED_MAX) {
    return problem("flash", `the disk says that ${Math.round(used * 100)} % of its life is used`, why, remedy);
  }
  if (flash?.years !== undefined && flash.years < YEARS_MIN) {
    return warning("flash", `at this pace the disk lasts ${flash.years.toFixed(1)} years`, why, remedy);
  }
  if (used !== undefined) return fine("flash", `up to ${Math.round(used * 100)} % of the disk's life is used`);
  if (flash) return fine("flash", `this program writes ${(flash.programBytesPerHour / MEGA).toFixed(1)} MB an hour`);
  return unknown("flash", "the disk tells no wear");
}

/** What the clock is judged by; `builtMs` is when this program was made, before which no clock can be right. */
export interface ClockEvidence {
  readonly state: ClockState;
  readonly wallMs: number;
  readonly builtMs: number;
  /** The kernel's word: whether something disciplines the clock. Absent where it does not say. */
  readonly isDisciplined?: boolean | undefined;
  readonly source?: string | undefined;
  /** Steps of the wall clock since the program started, milliseconds. */
  readonly stepsMs?: readonly number[];
}

export function judgeClock({ state, wallMs, builtMs, isDisciplined, source, stepsMs = [] }: ClockEvidence): Finding {
  const at = new Date(wallMs).toISOString();
  const remedy = "start chrony or systemd-timesyncd, and check that a time server can be reached";
  if (wallMs < builtMs || state === "unsynced") {
    const why = "certificates look not valid yet, and time windows of contracts are not judged";
    return problem("clock", `the clock shows ${at}, which can't be`, why, remedy);
  }
  const step = stepsMs.findLast((ms) => Math.abs(ms) > 1000);
  if (step !== undefined) {
    const why = "time windows and certificates were judged by a wrong clock before";
    return warning("clock", `the clock jumped by ${(step / 1000).toFixed(1)} s since the agent started`, why, remedy);
  }
  const from = source === undefined ? "" : `, kept by ${source}`;
  if (isDisciplined === false) {
    const why = "an unkept clock drifts by seconds a day";
    return warning("clock", `the clock shows ${at}, and nothing keeps it right`, why, remedy);
  }
  return fine("clock", `the clock shows ${at}${from}`);
}

export function judgeDrivers(drivers: Readonly<Record<string, Health>>): readonly Finding[] {
  const unwell = Object.entries(drivers).filter(([, { state }]) => state !== "ok");
  if (unwell.length === 0) return [fine("drivers", `${Object.keys(drivers).join(", ")} answer`)];
  return unwell.map(([name, { state, reason = "it does not say why" }]) => {
    const remedy = `check cable and power of ${name}, and its address in the profile`;
    return state === "down"
      ? problem("drivers", `${name} is down: ${reason}`, "the robot does not work without it", remedy)
      : warning("drivers", `${name} is degraded: ${reason}`, "the robot is slower, or fails soon", remedy);
  });
}

export function judgeLink(link: LinkState, nowMs: number): Finding {
  if (link.kind === "online") return fine("link", describeLink(link, nowMs));
  const why = "the cloud knows nothing new of this robot, and no new contract comes";
  return problem("link", describeLink(link, nowMs), why, remedyOf("trouble" in link ? link.trouble?.code : undefined));
}

/** What to do about a trouble of the link. */
export function remedyOf(code: string | undefined): string {
  return REMEDIES[code ?? ""] ?? "check the network, the broker's address (broker.url) and that the broker runs";
}

const REMEDIES: Readonly<Record<string, string>> = {
  "transport.refused": "check broker.username, broker.password or the certificate, and what the broker allows them",
  "transport.clock": "set the clock: a certificate is not valid at the time that it shows",
  "transport.untrusted": "check broker.tls.ca and broker.tls.serverName, and that no proxy answers",
  "transport.portal": "sign in to the network, or let this device pass its portal",
  "transport.taken_over": "give each robot a deviceId and credentials of its own",
};

/** A certificate or key with an end. */
export interface Expiry {
  readonly name: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

export function judgeExpiry({ name, fromMs, untilMs }: Expiry, wallMs: number): Finding {
  const days = Math.floor((untilMs - wallMs) / DAY_MS);
  const why = "the broker lets nobody in without a valid one";
  const remedy = "renew it: holdfast keys enrol, or your own authority";
  if (wallMs < fromMs) {
    return problem("keys", `${name} is not valid before ${new Date(fromMs).toISOString()}`, why, "check the clock");
  }
  if (days < 0) return problem("keys", `${name} ended ${-days} days ago`, why, remedy);
  return days < EXPIRES_SOON_DAYS
    ? warning("keys", `${name} ends in ${days} days`, why, remedy)
    : fine("keys", `${name} is valid for ${days} days`);
}
