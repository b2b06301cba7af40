import { timestamp } from "#lib/clock";
import { WIRE_VERSION, type Telemetry } from "#contract/messages";
import type { Moment } from "./lease.ts";

/** What the live lane shows: the newest values, in the frame `map`. */
export interface LiveValues {
  readonly pose?: { readonly x: number; readonly y: number; readonly yaw: number };
  readonly battery?: number;
  readonly speed?: number;
}

/** One sample on the lane `live`, which is neither stored nor acknowledged; `block` counts within the session. */
export function liveTelemetry(
  values: LiveValues,
  at: Moment,
  source: { readonly deviceId: string; readonly session: string; readonly block: number },
): Telemetry {
  const { pose, battery, speed } = values;
  const flat = { ...pose, battery, speed };
  const known = Object.entries(flat).filter((entry): entry is [string, number] => entry[1] !== undefined);
  return {
    v: WIRE_VERSION,
    deviceId: source.deviceId,
    lane: "live",
    store: source.session,
    blockSeq: source.block,
    batches: [
      {
        channel: "motion",
        t0: timestamp(at.wallMs),
        clock: at.clock,
        t0Mono: at.monoMs,
        bootId: at.bootId,
        dt: [0],
        values: Object.fromEntries(known.map(([name, value]) => [name, [value]])),
      },
    ],
  };
}
