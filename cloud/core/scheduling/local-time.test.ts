import { describe, expect, it } from "vitest";
import { CronPattern, LocalTime, nextLocalTime, nextRun, TimeZone } from "./local-time.ts";

const BERLIN = "Europe/Berlin";

/** As UTC. */
function utc(ms: number | undefined): string {
  return ms === undefined ? "never" : new Date(ms).toISOString().replace(":00.000Z", "Z");
}

function at(text: string): number {
  return Date.parse(text);
}

describe("before 6 AM", () => {
  it.each([
    ["in winter", "2026-01-05T20:00:00Z", "2026-01-06T05:00Z"],
    ["in summer", "2026-07-05T20:00:00Z", "2026-07-06T04:00Z"],
    ["asked for at six is the next day", "2026-07-06T04:00:00Z", "2026-07-07T04:00Z"],
    ["in the night in which clocks go forward, an hour earlier", "2026-03-28T22:00:00Z", "2026-03-29T04:00Z"],
    ["in the night in which clocks go back, an hour later", "2026-10-24T22:00:00Z", "2026-10-25T05:00Z"],
  ])("%s", (_when, now, deadline) => {
    expect(utc(nextLocalTime("6 AM", BERLIN, at(now)))).toBe(deadline);
    expect(utc(nextLocalTime("06:00", BERLIN, at(now)))).toBe(deadline);
  });

  it("is as long away as the night is", () => {
    const hours = (from: string): number => (nextLocalTime("6 AM", BERLIN, at(from)) - at(from)) / 3_600_000;
    expect(hours("2026-03-27T21:00:00Z")).toBe(8);
    expect(hours("2026-03-28T21:00:00Z")).toBe(7);
    expect(hours("2026-10-24T20:00:00Z")).toBe(9);
  });
});

describe("a time that the clocks leave out or show twice", () => {
  it("is the moment at which they go forward, and the first of the two", () => {
    expect(utc(nextLocalTime("02:30", BERLIN, at("2026-03-28T22:00:00Z")))).toBe("2026-03-29T01:00Z");
    expect(utc(nextLocalTime("02:30", BERLIN, at("2026-10-24T22:00:00Z")))).toBe("2026-10-25T00:30Z");
  });

  it("runs once in each of these nights", () => {
    const runs = (from: string, until: string): string[] => {
      const found: string[] = [];
      for (let ms = nextRun("30 2 * * *", BERLIN, at(from)); ms !== undefined && ms < at(until);) {
        found.push(utc(ms));
        ms = nextRun("30 2 * * *", BERLIN, ms);
      }
      return found;
    };
    expect(runs("2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z")).toHaveLength(1);
    expect(runs("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z")).toEqual(["2026-10-25T00:30Z"]);
  });
});

it("every evening at ten stays at ten across both changes", () => {
  const evenings = ["2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"];
  expect(evenings.map((from) => utc(nextRun("0 22 * * *", BERLIN, at(from))))).toEqual([
    "2026-03-28T21:00Z",
    "2026-03-29T20:00Z",
    "2026-10-24T20:00Z",
    "2026-10-25T21:00Z",
  ]);
});

it.each([
  ["06:00", true],
  ["6 AM", true],
  ["12:30pm", true],
  ["24:00", false],
  ["six", false],
])("reads %s as a time of day: %s", (text, isTime) => {
  expect(LocalTime.safeParse(text).success).toBe(isTime);
});

it("tells noon from midnight", () => {
  expect(utc(nextLocalTime("12 AM", "UTC", at("2026-01-05T10:00:00Z")))).toBe("2026-01-06T00:00Z");
  expect(utc(nextLocalTime("12 PM", "UTC", at("2026-01-05T10:00:00Z")))).toBe("2026-01-05T12:00Z");
});

it("refuses time zones and cron expressions that there are none of", () => {
  expect(TimeZone.safeParse("Mars/Olympus").success).toBe(false);
  expect(TimeZone.safeParse(BERLIN).success).toBe(true);
  expect(CronPattern.safeParse("61 * * * *").success).toBe(false);
  expect(CronPattern.safeParse("0 22 * * 1-5").success).toBe(true);
});
