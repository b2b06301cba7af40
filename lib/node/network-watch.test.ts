import { expect, test } from "vitest";
import { VirtualClock } from "../virtual-clock.ts";
import { startNetworkWatch } from "./network-watch.ts";

test("tells of addresses that come, go or change, and not of their order", async () => {
  const clock = new VirtualClock();
  let addresses = ["wlan0 10.0.0.5", "eth0 192.168.1.2"];
  let changes = 0;
  const watch = startNetworkWatch(clock, () => addresses);
  const forget = watch.onChange(() => (changes += 1));
  const see = async (...now: string[]): Promise<number> => {
    addresses = now;
    await clock.advance(2000);
    return changes;
  };
  expect(await see("eth0 192.168.1.2", "wlan0 10.0.0.5")).toBe(0);
  expect(await see("wlan0 10.0.0.5")).toBe(1);
  expect(await see("wlan0 10.0.9.17")).toBe(2);
  expect(await see("wlan0 10.0.9.17")).toBe(2);
  forget();
  expect(await see()).toBe(2);
  watch[Symbol.dispose]();
});

test("reads this machine's own addresses", async () => {
  const clock = new VirtualClock();
  let changes = 0;
  using watch = startNetworkWatch(clock);
  watch.onChange(() => (changes += 1));
  await clock.advance(10_000);
  expect(changes).toBe(0);
});
