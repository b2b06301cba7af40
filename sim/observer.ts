import type { TickWatcher } from "#agent/control/motion-loop";
import type { DeviceView } from "#cloud/views";
import type { Event } from "#contract/event";
import type { Pose } from "#lib/geometry";
import type { Seconds } from "#lib/units";
import type { Expectation } from "./result.ts";
import type { Surroundings } from "./world/traffic/traffic.ts";

/** Something the cloud wrote into its log. */
export interface CloudNote {
  readonly type: string;
  readonly deviceId?: string | undefined;
  readonly contractId?: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Who watches a run: the story that is told and the record that is drawn, in virtual time and over real processes alike.
 * `t` are simulated seconds since the start of the run.
 */
export interface Observer {
  /** An event is durable in a device's journal. */
  event(t: Seconds, deviceId: string, event: Event): void;
  cloud(t: Seconds, note: CloudNote): void;
  /** What the cloud says of a device, about once a second, beside the truth that only the world knows. */
  view(t: Seconds, view: DeviceView, truth: Pose): void;
  /** Something was done to the run from outside: a link cut, a process killed. */
  intervention(t: Seconds, who: string, text: string): void;
  /** A tick of a device's motion loop; in virtual time only, and the costliest to watch: some twenty times a second. */
  tick?(t: Seconds, deviceId: string, ...tick: Parameters<TickWatcher>): void;
  /** What moves in the world beside the robots, about once a second; in virtual time only. */
  surroundings?(t: Seconds, seen: Surroundings): void;
  /** What the expectations would say if the run ended now, about once a second; in virtual time only. */
  judged?(t: Seconds, expectations: readonly Expectation[]): void;
}

/** One observer that passes everything on to several. */
export function observeAll(observers: readonly Observer[]): Observer {
  const wants = (what: "tick" | "surroundings" | "judged"): boolean => observers.some((each) => each[what]);
  return {
    event: (...seen) => observers.forEach((observer) => observer.event(...seen)),
    cloud: (...seen) => observers.forEach((observer) => observer.cloud(...seen)),
    view: (...seen) => observers.forEach((observer) => observer.view(...seen)),
    intervention: (...seen) => observers.forEach((observer) => observer.intervention(...seen)),
    ...(wants("tick") && { tick: (...seen) => observers.forEach((observer) => observer.tick?.(...seen)) }),
    ...(wants("surroundings") && {
      surroundings: (...seen) => observers.forEach((observer) => observer.surroundings?.(...seen)),
    }),
    ...(wants("judged") && { judged: (...seen) => observers.forEach((observer) => observer.judged?.(...seen)) }),
  };
}
