import type { Recording, TelemetryStore } from "../telemetry/store.ts";
import type { TelemetryRequest } from "./storage-protocol.ts";
import type { TelemetryKeeper } from "./telemetry-keeper.ts";

/** The telemetry store whose operations are sent as requests; `ask` brings them to the keeper and its answers back. */
export function telemetryStoreOf(ask: (request: TelemetryRequest) => Promise<unknown>): TelemetryStore {
  const typed = ask as <Answer>(request: TelemetryRequest) => Promise<Answer>;
  return {
    record: (recordings: readonly Recording[], { close: closes = false } = {}) =>
      typed({ type: "record", recordings, closes }),
    read: (lane, afterSeq, maxBytes) => typed({ type: "read-blocks", lane, afterSeq, maxBytes }),
    acknowledge: (lane, seq) => typed({ type: "acknowledge-blocks", lane, seq }),
    fill: () => typed({ type: "read-fill" }),
    history: (query) => typed({ type: "read-history", query }),
  };
}

/** Performs a request. Throws what the keeper throws. */
export function performTelemetry(keeper: TelemetryKeeper, request: TelemetryRequest): unknown {
  switch (request.type) {
    case "record":
      return keeper.record(request.recordings, request.closes);
    case "read-blocks":
      return keeper.read(request.lane, request.afterSeq, request.maxBytes);
    case "acknowledge-blocks":
      return keeper.acknowledge(request.lane, request.seq);
    case "read-fill":
      return keeper.fill();
    case "read-history":
      return keeper.history(request.query);
  }
}
