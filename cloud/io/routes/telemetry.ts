import { z } from "zod";
import { Timestamp } from "#contract/identifiers";
import { type Route, respond } from "../route.ts";

const Value = z.union([z.number(), z.string(), z.boolean(), z.null()]);
const Values = z.record(z.string(), Value);

const HistoryParameters = z.strictObject({
  from: Timestamp.optional().meta({ description: "an hour before `to` unless given" }),
  to: Timestamp.optional().meta({ description: "now unless given" }),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
});

const latest: Route = {
  method: "GET",
  path: "/devices/{id}/telemetry",
  operationId: "latestTelemetry",
  summary: "The newest sample of every channel of a device",
  access: ["reader"],
  success: {
    status: 200,
    description: "channels by name",
    schema: z.object({ items: z.array(z.object({ channel: z.string(), at: Timestamp, values: Values })) }),
  },
  problems: { 404: "the device was never heard" },
  handle: (execution, { params }) => respond(execution.latestTelemetry(params["id"]!), 200),
};

const history: Route = {
  method: "GET",
  path: "/devices/{id}/telemetry/{channel}",
  operationId: "telemetryHistory",
  summary: "Samples of one channel, oldest first; of what was thinned mean, minimum and maximum",
  access: ["reader"],
  query: HistoryParameters,
  success: {
    status: 200,
    description: "samples; `next` is the `from` to read on with",
    schema: z.object({ items: z.array(z.object({ at: Timestamp, values: Values })), next: Timestamp.optional() }),
  },
  problems: { 404: "the device was never heard" },
  handle: async (execution, { params, query }) => {
    const { from, to, limit } = query as z.infer<typeof HistoryParameters>;
    const span = { fromAt: from, toAt: to, limit };
    return respond(await execution.telemetryHistory(params["id"]!, params["channel"]!, span), 200);
  },
};

/** What devices have measured. */
export const telemetryRoutes: readonly Route[] = [latest, history];
