import { z } from "zod";
import type { LogRecord } from "#contract/telemetry-block";

/** Lines of the log that are worth sending, until they are taken. */
export interface LogLines {
  /** A line as the log writes it: JSON, secrets already replaced. */
  offer(line: string): void;
  take(): readonly LogRecord[];
}

/** More are not kept between two commits: a program that fails in a loop must not fill the disk. */
const KEPT = 50;
const DATA_CHARS_MAX = 1000;
const WORTH = /"level":"(?:warn|error|fatal)"/;

/** Keeps warnings and worse; of a flood, the first, and how many there were. */
export function createLogLines(): LogLines {
  let lines: LogRecord[] = [];
  let flooded = 0;
  return {
    offer(line) {
      if (!WORTH.test(line.slice(0, 40))) return;
      if (lines.length >= KEPT) {
        flooded++;
        return;
      }
      const read = Line.safeParse(JSON.parse(line));
      if (!read.success) return;
      const { level, monoMs, msg, at: _at, ...data } = read.data;
      lines.push({ atMs: monoMs, level, message: msg, data: JSON.stringify(data).slice(0, DATA_CHARS_MAX) });
    },
    take() {
      const last = lines.at(-1);
      if (flooded > 0 && last) {
        lines.push({ ...last, level: "warn", message: "further lines were left out", data: `{"count":${flooded}}` });
      }
      const taken = lines;
      lines = [];
      flooded = 0;
      return taken;
    },
  };
}

const Line = z.looseObject({ level: z.string(), monoMs: z.number(), msg: z.string() });
