import { z } from "zod";

/** So many in so long; several of them hold together. */
export interface Rate {
  readonly count: number;
  readonly windowMs: number;
}

/** What a ThingsBoard allows this session. */
export interface SessionLimits {
  /** Bytes of one message. */
  readonly payloadBytes: number;
  readonly inFlight: number;
  readonly messages: readonly Rate[];
  readonly telemetryMessages: readonly Rate[];
  readonly dataPoints: readonly Rate[];
}

/** For servers that do not know the question `getSessionLimits`. */
export const CAUTIOUS_LIMITS: SessionLimits = {
  payloadBytes: 65_536,
  inFlight: 10,
  messages: [{ count: 10, windowMs: 1000 }],
  telemetryMessages: [{ count: 10, windowMs: 1000 }],
  dataPoints: [{ count: 500, windowMs: 1000 }],
};

const Rates = z.object({
  messages: z.string().nullish(),
  telemetryMessages: z.string().nullish(),
  telemetryDataPoints: z.string().nullish(),
});

const Answer = z.object({
  maxPayloadSize: z.number().int().min(1).optional(),
  maxInflightMessages: z.number().int().min(1).optional(),
  rateLimits: Rates.nullish(),
  gatewayRateLimits: Rates.nullish(),
});

/** Reads the answer to `getSessionLimits`; undefined when it is none. A gateway keeps its own limits and those of devices. */
export function readSessionLimits(answer: unknown): SessionLimits | undefined {
  const parsed = Answer.safeParse(answer);
  if (!parsed.success) return undefined;
  const { maxPayloadSize, maxInflightMessages, rateLimits, gatewayRateLimits } = parsed.data;
  const named = [rateLimits, gatewayRateLimits].filter((rates) => rates !== undefined && rates !== null);
  return {
    payloadBytes: maxPayloadSize ?? CAUTIOUS_LIMITS.payloadBytes,
    inFlight: maxInflightMessages ?? CAUTIOUS_LIMITS.inFlight,
    messages: named.flatMap(({ messages }) => readRates(messages)),
    telemetryMessages: named.flatMap(({ telemetryMessages }) => readRates(telemetryMessages)),
    dataPoints: named.flatMap(({ telemetryDataPoints }) => readRates(telemetryDataPoints)),
  };
}

/** `"200:1,6000:60"` is 200 in a second and 6000 in a minute; nothing, or zeros, is no limit. */
export function readRates(text: string | null | undefined): Rate[] {
  return (text ?? "").split(",").flatMap((rate) => {
    const [count = 0, seconds = 0] = rate.split(":").map(Number);
    return count > 0 && seconds > 0 ? [{ count, windowMs: seconds * 1000 }] : [];
  });
}
