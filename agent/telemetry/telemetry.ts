import { repeat, type Clock } from "#lib/clock";
import { messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import type { LogRecord } from "#contract/telemetry-block";
import type { Journal } from "../core/ports.ts";
import type { TelemetryProfile } from "./channels.ts";
import type { DrainProgress } from "./drain.ts";
import { startRecorder } from "./recorder.ts";
import { readChannel, type ChannelSources } from "./robot-channels.ts";
import type { TelemetryFill, TelemetryStore } from "./store.ts";

export interface TelemetryDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: TelemetryStore;
  readonly journal: Pick<Journal, "append">;
  readonly profile: TelemetryProfile;
  readonly sources: Omit<ChannelSources, "waitingBlocks">;
  readonly takeLines: () => readonly LogRecord[];
  readonly drainProgress: () => DrainProgress | undefined;
}

/** What people are shown of the recording, and how far it is sent. */
export interface TelemetryStatus {
  /** As of a few seconds ago; undefined before the first look. */
  readonly fill: TelemetryFill | undefined;
  /** Of the connection that is up; undefined while there is none. */
  readonly drain: DrainProgress | undefined;
}

/** The telemetry of a device: recorded as its profile says, until it is disposed of. */
export interface TelemetryPart extends AsyncDisposable {
  status(): TelemetryStatus;
}

const LOOK_EVERY_MS = 5000;

export function startTelemetry(deps: TelemetryDeps): TelemetryPart {
  const { clock, log, store, journal, sources, drainProgress } = deps;
  let fill: TelemetryFill | undefined;
  const waitingBlocks = (): number => waitingIn(fill);
  const recorder = startRecorder({
    ...deps,
    read: (channel) => readChannel({ ...sources, waitingBlocks }, channel),
  });
  async function look(): Promise<void> {
    try {
      const seen = await store.fill();
      if (fill === undefined && seen.setAside !== undefined) {
        log.error({ setAside: seen.setAside }, "telemetry database was damaged and set aside");
        const detail = `the telemetry was damaged; it was kept as ${seen.setAside}, and a new recording begins`;
        await journal.append([{ type: "exception", data: { code: "telemetry_corrupt", severity: "LOW", detail } }]);
      }
      fill = seen;
    } catch (thrown) {
      log.warn({ err: messageOf(thrown) }, "the fill of the telemetry is not known, going by the one before");
    }
  }
  void look();
  const stopLooking = repeat(clock, LOOK_EVERY_MS, () => void look());
  return {
    status: () => ({ fill, drain: drainProgress() }),
    async [Symbol.asyncDispose]() {
      stopLooking();
      await recorder[Symbol.asyncDispose]();
    },
  };
}

/** Blocks that the cloud has not acknowledged. */
export function waitingIn(fill: TelemetryFill | undefined): number {
  return fill?.lanes.reduce((sum, { waiting }) => sum + waiting, 0) ?? 0;
}
