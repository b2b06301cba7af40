import type { Clock } from "#lib/clock";
import type { LiveSample } from "../core/live-telemetry.ts";
import { isShown, type ChannelName, type ChannelSettings, type Reading, type TelemetryProfile } from "./channels.ts";

/** Who asks is not on time to the millisecond. */
const SLACK_MS = 100;

/** The channels that a profile shows live, each at its own rate but never faster than it is asked; the newest reading only. */
export function createLiveChannels(
  { channels }: TelemetryProfile,
  clock: Pick<Clock, "nowMs">,
  read: (channel: ChannelName) => Reading | undefined,
): () => readonly LiveSample[] {
  const shown = (Object.entries(channels) as [ChannelName, ChannelSettings][]).filter(([, one]) => isShown(one));
  const shownAtMs = new Map<ChannelName, number>();
  return () => {
    const nowMs = clock.nowMs();
    return shown.flatMap(([channel, { everyMs, qos = 0 }]): LiveSample[] => {
      if (nowMs - (shownAtMs.get(channel) ?? -Infinity) < everyMs - SLACK_MS) return [];
      const values = read(channel);
      if (!values) return [];
      shownAtMs.set(channel, nowMs);
      return [{ channel, qos, values }];
    });
  };
}
