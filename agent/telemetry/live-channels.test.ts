import { expect, test } from "vitest";
import { VirtualClock } from "#lib/virtual-clock";
import { TelemetryProfile } from "./channels.ts";
import { createLiveChannels } from "./live-channels.ts";

test("channels of the lane live are shown at their own rate, with the quality of service that the profile wants", async () => {
  const clock = new VirtualClock();
  const profile = TelemetryProfile.parse({
    channels: {
      drivers: { everyMs: 1000, lane: "live", qos: 1 },
      board: { everyMs: 3000, lane: "both" },
      pose: { everyMs: 200 },
      scan: { everyMs: 200, lane: "live" },
    },
  });
  const readings: Readonly<Record<string, object | undefined>> = { drivers: { base: 0 }, board: { loadPerCore: 1 } };
  const live = createLiveChannels(profile, clock, (channel) => readings[channel] as Record<string, number>);
  const told: string[][] = [];
  for (let second = 0; second < 4; second++) {
    told.push(live().map(({ channel, qos }) => `${channel} ${qos}`));
    await clock.advance(1000);
  }
  const [both, one] = [["drivers 1", "board 0"], ["drivers 1"]];
  expect(told).toEqual([both, one, one, both]);
});
