import { describe, expect, it } from "vitest";
import { AgentError } from "#lib/errors";
import { createMemoryLog } from "#lib/log";
import { VirtualClock } from "#lib/virtual-clock";
import { startResourceMonitor } from "./resource-monitor.ts";

describe("the watch over the board", () => {
  it("knows the newest reading, looks again, and forgets one that is too old", async () => {
    const clock = new VirtualClock();
    let load: number | undefined = 1;
    const probe = {
      read: () =>
        load === undefined
          ? Promise.reject(new AgentError("driver.failed", "gone"))
          : Promise.resolve({ loadPerCore: load }),
    };
    using monitor = startResourceMonitor({ clock, log: createMemoryLog().log, probe });
    await clock.advance(1000);
    expect(monitor.reading()).toEqual({ loadPerCore: 1 });
    load = 2;
    await clock.advance(5000);
    expect(monitor.reading()).toEqual({ loadPerCore: 2 });
    load = undefined;
    await clock.advance(10_000);
    expect(monitor.reading()).toEqual({ loadPerCore: 2 });
    await clock.advance(20_000);
    expect(monitor.reading()).toEqual({});
  });

  it("says once that the board is busy, and once that it is over", async () => {
    const clock = new VirtualClock();
    const loads = [1, 3, 4, undefined, 5, 1, 1];
    const probe = {
      read: () => {
        const loadPerCore = loads.shift();
        return Promise.resolve(loadPerCore === undefined ? {} : { loadPerCore });
      },
    };
    const { log, lines } = createMemoryLog();
    using monitor = startResourceMonitor({ clock, log, probe });
    await clock.advance(31_000);
    expect(monitor.reading()).toEqual({ loadPerCore: 1 });
    expect(lines).toEqual([
      { level: "info", message: "the board is busy", data: { loadPerCore: 3 } },
      { level: "info", message: "the board is no longer busy", data: { loadPerCore: 1 } },
    ]);
  });

  it("knows nothing where there is nothing to ask", async () => {
    const clock = new VirtualClock();
    using monitor = startResourceMonitor({ clock, log: createMemoryLog().log, probe: undefined });
    await clock.advance(60_000);
    expect(monitor.reading()).toEqual({});
  });
});
