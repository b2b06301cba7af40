import { expect, test } from "vitest";
import { sentence, type Finding } from "./finding.ts";
import {
  judgeClock,
  judgeDrivers,
  judgeExpiry,
  judgeFlash,
  judgeLink,
  judgeMemory,
  judgeSpace,
  judgeTemperature,
} from "./judge.ts";

const WALL = Date.UTC(2026, 5, 1);
const DAY = 86_400_000;
const clock = { state: "synced", wallMs: WALL, builtMs: WALL - DAY, isDisciplined: true } as const;
const offline = {
  kind: "offline",
  attempt: 3,
  nextAttemptMs: 5000,
  trouble: { code: "transport.refused", reason: "not authorised" },
} as const;
const expiry = (from: number, until: number) => ({
  name: "it",
  fromMs: WALL + from * DAY,
  untilMs: WALL + until * DAY,
});

test.each<[string, Finding, Finding["level"]]>([
  ["room", judgeSpace({ diskFreeBytes: 1e9 }, "d"), "ok"],
  ["little room", judgeSpace({ diskFreeBytes: 1e8 }, "d"), "warning"],
  ["no room", judgeSpace({ diskFreeBytes: 1e6 }, "d"), "problem"],
  ["a disk that does not tell", judgeSpace({}, "d"), "unknown"],
  ["memory", judgeMemory({ memoryAvailableBytes: 1e9 }), "ok"],
  ["programs that wait for memory", judgeMemory({ memoryAvailableBytes: 1e9, memoryPressure: 0.5 }), "warning"],
  ["no memory", judgeMemory({ memoryAvailableBytes: 1e6 }), "problem"],
  ["a cool board", judgeTemperature({ temperatureCelsius: 40 }), "ok"],
  ["a hot board", judgeTemperature({ temperatureCelsius: 80 }), "warning"],
  ["a board about to switch off", judgeTemperature({ temperatureCelsius: 95 }), "problem"],
  ["a worn disk", judgeFlash({ deviceLifeUsed: 0.9 }, undefined), "problem"],
  ["a disk that is written too much", judgeFlash({}, { programBytesPerHour: 1, years: 1, hours: 1 }), "warning"],
  ["a right clock", judgeClock(clock), "ok"],
  ["a clock before this program was made", judgeClock({ ...clock, wallMs: 0 }), "problem"],
  ["a clock that nobody keeps", judgeClock({ ...clock, isDisciplined: false }), "warning"],
  ["a clock that jumped", judgeClock({ ...clock, stepsMs: [90_000] }), "warning"],
  ["a driver that is down", judgeDrivers({ lidar: { state: "down", errors: 1 } })[0]!, "problem"],
  ["a link that is refused", judgeLink(offline, 0), "problem"],
  ["a certificate with time left", judgeExpiry(expiry(-1, 100), WALL), "ok"],
  ["a certificate that ends soon", judgeExpiry(expiry(-1, 10), WALL), "warning"],
  ["a certificate that has ended", judgeExpiry(expiry(-9, -1), WALL), "problem"],
  ["a certificate of tomorrow", judgeExpiry(expiry(1, 100), WALL), "problem"],
])("%s is judged", (_name, finding, level) => {
  expect(finding.level).toBe(level);
  expect("remedy" in finding).toBe(level === "problem" || level === "warning");
});

test("says what, why it matters and what to do in one line", () => {
  const line = sentence(judgeLink(offline, 0));
  expect(line).toMatch(/^link: offline: not authorised; .*the cloud knows nothing new.*; check broker.username/);
  expect(line).not.toContain("\n");
});
