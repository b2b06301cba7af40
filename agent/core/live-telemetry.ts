import { timestamp } from "#lib/clock";
import { WIRE_VERSION, type Telemetry } from "#contract/messages";
import type { Moment } from "./lease.ts";

/** What the live lane shows: the newest values, in the frame `map`. */
export interface LiveValues {
  readonly pose?: { readonly x: number; readonly y: number; readonly yaw: number };
  readonly battery?: number;
  readonly speed?: number;
}

/** A moment of one channel on the lane `live`; what is not known is left out. */
export interface LiveSample {
  readonly channel: string;
  readonly qos: 0 | 1;
  readonly values: Readonly<Record<string, number | undefined>>;
}

/** What every device shows, in the channel `motion`. */
export function motionSample({ pose, battery, speed }: LiveValues): LiveSample {
  return { channel: "motion", qos: 0, values: { ...pose, battery, speed } };
}

/** Samples of one moment on the lane `live`, which is neither stored nor acknowledged; `block` counts within the session. */
export function liveTelemetry(
  samples: readonly LiveSample[],
  at: Moment,
  source: { readonly deviceId: string; readonly session: string; readonly block: number },
): Telemetry {
  const { deviceId, session: store, block: blockSeq } = source;
  const { wallMs, clock, monoMs: t0Mono, bootId } = at;
  const batches = samples.map(({ channel, values }) => {
    const known = Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined);
    const columns = Object.fromEntries(known.map(([name, value]) => [name, [value]]));
    return { channel, t0: timestamp(wallMs), clock, t0Mono, bootId, dt: [0], values: columns };
  });
  return { v: WIRE_VERSION, deviceId, lane: "live", store, blockSeq, batches };
}
