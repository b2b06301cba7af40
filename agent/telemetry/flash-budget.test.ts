import { describe, expect, it } from "vitest";
import { FlashWatch } from "./flash-budget.ts";

const HOUR_MS = 3_600_000;

describe("the flash budget", () => {
  it("forecasts years from the larger of what the program and the whole device write", () => {
    const watch = new FlashWatch(8.766e12);
    watch.note({ writtenBytes: 5e6, deviceWrittenBytes: 1e9 }, 0);
    watch.note({ writtenBytes: 45e6, deviceWrittenBytes: 1.2e9 }, 2 * HOUR_MS);
    expect(watch.budget()).toEqual({ programBytesPerHour: 20e6, deviceBytesPerHour: 100e6, years: 10, hours: 2 });
  });

  it("says nothing before it has watched for a minute, nor where the system does not count", () => {
    const watch = new FlashWatch(1e12);
    watch.note({ writtenBytes: 1 }, 0);
    watch.note({ writtenBytes: 2 }, 30_000);
    watch.note({ loadPerCore: 1 }, HOUR_MS);
    expect(watch.budget()).toBeUndefined();
  });

  it("forecasts nothing without a stated endurance", () => {
    const watch = new FlashWatch(undefined);
    watch.note({ writtenBytes: 0 }, 0);
    watch.note({ writtenBytes: 1e6, deviceLifeUsed: 0.1 }, HOUR_MS);
    expect(watch.budget()).toEqual({ programBytesPerHour: 1e6, deviceLifeUsed: 0.1, hours: 1 });
  });
});
