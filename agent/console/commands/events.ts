import type { Event } from "#contract/event";
import type { ConsoleCommand } from "../core/command.ts";
import { importanceOf, LEVELS, type Level } from "../core/importance.ts";
import { ok, refused, type Reply, type Told } from "../core/reply.ts";

const SHOWN = 20;
const SHOWN_MAX = 1000;

export const events: ConsoleCommand = {
  name: "events",
  usage: "[-n COUNT] [-f] [--level LEVEL]",
  summary: `the journal's newest; -f follows; levels ${LEVELS.join(", ")}`,
  role: "viewer",
  needsAgent: false,
  wordsMax: 0,
  options: {
    count: { type: "string", short: "n" },
    follow: { type: "boolean", short: "f" },
    once: { type: "boolean" },
    level: { type: "string" },
  },
  async run({ options }, { recent, technician }) {
    const count = countOf(options["count"]);
    const level = (options["level"] ?? "info") as Level;
    if (count === undefined) return refused("usage", `-n takes a number from 0 to ${SHOWN_MAX}`);
    if (!LEVELS.includes(level)) return refused("usage", `--level takes one of ${LEVELS.join(", ")}`);
    const isShown = (event: Event): boolean => LEVELS.indexOf(importanceOf(event)) >= LEVELS.indexOf(level);
    const shown = (await recent(level === "info" ? count : SHOWN_MAX)).filter(isShown);
    const told = toldOf(shown.slice(Math.max(0, shown.length - count)));
    if (options["follow"] !== true || options["once"] === true) return ok(told);
    if (!technician) return refused("agent_down", "the agent does not run: there is nothing to follow");
    const start = (emit: (news: Told) => void): (() => void) =>
      technician.onEvents((written) => {
        const news = written.filter(isShown);
        if (news.length > 0) emit(toldOf(news));
      });
    return ok(told, { follow: { start } });
  },
};

export const log: ConsoleCommand = {
  name: "log",
  usage: "[-n COUNT] [-f]",
  summary: "the last lines of the log; -f follows",
  role: "viewer",
  needsAgent: true,
  wordsMax: 0,
  options: { count: { type: "string", short: "n" }, follow: { type: "boolean", short: "f" } },
  run({ options }, { host }): Reply {
    const count = countOf(options["count"]);
    if (count === undefined) return refused("usage", `-n takes a number from 0 to ${SHOWN_MAX}`);
    const told = logOf(host.logLines(count));
    if (options["follow"] !== true) return ok(told);
    return ok(told, { follow: { start: (emit) => host.onLogLine((line) => emit(logOf([line]))) } });
  },
};

function countOf(text: string | boolean | undefined): number | undefined {
  if (text === undefined) return SHOWN;
  const count = Number(text);
  return Number.isInteger(count) && count >= 0 && count <= SHOWN_MAX ? count : undefined;
}

function toldOf(shown: readonly Event[]): Told {
  return { lines: shown.map(eventLine), records: shown };
}

const DETAIL_CHARS_MAX = 180;

/** `12:03:04.120  417 stage.completed drive {"attempts":1}`; days are told by `--json`. */
export function eventLine({ at, seq, type, stageId, data }: Event): string {
  const detail = JSON.stringify(data, (_key, value: unknown) => (typeof value === "number" ? rounded(value) : value));
  const short = detail.length > DETAIL_CHARS_MAX ? `${detail.slice(0, DETAIL_CHARS_MAX)}...` : detail;
  const stage = stageId === undefined ? "" : ` ${stageId}`;
  return `${at.slice(11, 23)} ${String(seq).padStart(5)} ${type}${stage} ${short === "{}" ? "" : short}`.trimEnd();
}

/** Nobody reads the tenth digit. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Lines of the log are JSON already; for people they are shown as they are. */
function logOf(lines: readonly string[]): Told {
  return { lines, records: lines.map((line) => ({ line })) };
}
