import { expect, it } from "vitest";
import { readRates, readSessionLimits } from "./session-limits.ts";

it.each([
  [
    "200:1,6000:60",
    [
      { count: 200, windowMs: 1000 },
      { count: 6000, windowMs: 60_000 },
    ],
  ],
  ["", []],
  ["0:0,", []],
  [null, []],
  ["many:often", []],
])("reads the rates %s", (text, rates) => {
  expect(readRates(text)).toEqual(rates);
});

it("holds a gateway to its own limits and to those of devices", () => {
  const limits = readSessionLimits({
    maxPayloadSize: 65_536,
    maxInflightMessages: 100,
    rateLimits: { messages: "200:1", telemetryMessages: "100:1", telemetryDataPoints: "500:1" },
    gatewayRateLimits: { messages: "300:1", telemetryMessages: null, telemetryDataPoints: "900:60" },
  });
  expect(limits).toEqual({
    payloadBytes: 65_536,
    inFlight: 100,
    messages: [
      { count: 200, windowMs: 1000 },
      { count: 300, windowMs: 1000 },
    ],
    telemetryMessages: [{ count: 100, windowMs: 1000 }],
    dataPoints: [
      { count: 500, windowMs: 1000 },
      { count: 900, windowMs: 60_000 },
    ],
  });
});

it("takes no error for limits", () => {
  expect(readSessionLimits("unknown method")).toBeUndefined();
});
