import type { DeviceView } from "#cloud/views";
import type { Event } from "#contract/event";
import type { Pose } from "#lib/geometry";
import type { Seconds } from "#lib/units";

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
}

/** One observer that passes everything on to several. */
export function observeAll(observers: readonly Observer[]): Observer {
  return {
    event: (...seen) => observers.forEach((observer) => observer.event(...seen)),
    cloud: (...seen) => observers.forEach((observer) => observer.cloud(...seen)),
    view: (...seen) => observers.forEach((observer) => observer.view(...seen)),
    intervention: (...seen) => observers.forEach((observer) => observer.intervention(...seen)),
  };
}
