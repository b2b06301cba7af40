import type { Event } from "#contract/event";
import type { LogEntry } from "#cloud/io/store-rows";
import type { Simulation } from "../simulate.ts";
import type { Motion } from "./draw.ts";
import type { Trouble } from "./drawn-faults.ts";

/** A seed in which something was that must not be, with all that is needed to look into it. */
export interface Failure {
  readonly seed: number;
  readonly motion: Motion;
  readonly violations: readonly string[];
  /** How many troubles were drawn, and the numbers of those without which it does not happen. */
  readonly drawn: number;
  readonly kept: readonly number[];
  readonly troubles: readonly Trouble[];
  /** What happened last, oldest first; empty where the run could not end. */
  readonly events: readonly string[];
  /** The one command that shows it again. */
  readonly replay: string;
}

const EVENTS_TOLD = 25;
const DATA_LENGTH = 120;

/** The command that runs a seed with some of its troubles. */
export function replayCommand(seed: number, motion: Motion, kept: readonly number[]): string {
  return `npx holdfast sim explore --seeds ${seed}..${seed} --motion ${motion} --keep ${kept.length === 0 ? "none" : kept.join(",")}`;
}

/** The last events of devices and cloud in the order of time, a line each. */
export function lastEvents(simulation: Simulation | undefined): string[] {
  if (!simulation) return [];
  const told = [...simulation.journals].flatMap(([deviceId, journal]) =>
    journal.map((event) => ofDevice(deviceId, event)),
  );
  return [...told, ...simulation.cloudLog.map(ofCloud)]
    .toSorted((a, b) => a.atMs - b.atMs)
    .slice(-EVENTS_TOLD)
    .map(({ atMs, text }) => `${new Date(atMs).toISOString().slice(11, 23)} ${text}`);
}

/** A failure as people read it. */
export function failureText(failure: Failure, commit: string): string {
  const { seed, motion, violations, troubles, drawn, events, replay } = failure;
  return [
    `seed ${seed} (${motion} motion, commit ${commit}):`,
    ...violations.map((violation) => `  ${violation}`),
    `  of ${drawn} troubles these are needed:${troubles.length === 0 ? " none" : ""}`,
    ...troubles.map(({ fault }) => `    ${JSON.stringify(fault)}`),
    ...(events.length === 0 ? [] : ["  what happened last:", ...events.map((event) => `    ${event}`)]),
    `  replay: ${replay}`,
    "",
  ].join("\n");
}

interface Told {
  readonly atMs: number;
  readonly text: string;
}

function ofDevice(deviceId: string, { at, seq, type, stageId = "", contractId = "", data }: Event): Told {
  return {
    atMs: Date.parse(at),
    text: `${deviceId} ${seq} ${type} ${contractId.slice(-4)} ${stageId} ${shortened(data)}`,
  };
}

function ofCloud({ at, type, deviceId = "", contractId = "", data }: LogEntry): Told {
  return { atMs: Date.parse(at), text: `cloud ${type} ${deviceId} ${contractId.slice(-4)} ${shortened(data)}` };
}

function shortened(data: object): string {
  return JSON.stringify(data).slice(0, DATA_LENGTH);
}
