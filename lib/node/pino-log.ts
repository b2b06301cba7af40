import { pino, type DestinationStream, type Level } from "pino";
import { type Clock, timestamp } from "../clock.ts";
import type { Log } from "../log.ts";

/** Names under which secrets may appear in log data, at the top level or one below. */
const SECRETS = ["password", "pin", "token", "privateKey", "authorization", "d"];

export interface PinoLogOptions {
  readonly level?: Level;
  /** Where lines go; standard output unless given. */
  readonly destination?: DestinationStream;
}

/** JSON lines stamped by the injected clock; values of secret names are replaced by `[redacted]`. */
export function createPinoLog(clock: Clock, options: PinoLogOptions = {}): Log {
  const settings = {
    level: options.level ?? "info",
    base: null,
    timestamp: () => `,"at":"${timestamp(clock.wallMs())}","monoMs":${Math.round(clock.nowMs())}`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: "[redacted]" },
  };
  return options.destination ? pino(settings, options.destination) : pino(settings);
}
