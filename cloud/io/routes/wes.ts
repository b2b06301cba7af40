import { z } from "zod";
import { Timestamp } from "#contract/identifiers";
import { ItemResult } from "#contract/feed/answers";
import { ShiftSummary } from "#contract/feed/shift";
import { SHIFT_SUMMARY_PATH } from "#contract/feed/streams";
import type { Caller } from "../../core/access.ts";
import { ShiftVerdict } from "../../wes/shift-summary.ts";
import type { Partner } from "../../wes/stream.ts";
import { respond, type Route } from "../route.ts";
import { FeedKind } from "../feed-rows.ts";
import { PageQuery, pageOf } from "./page.ts";

const PROBLEMS = {
  401: "no registered certificate; a key outside of production",
  403: "another warehouse than the credential's",
  422: "readable, and wrong by the planner's data: unknown SKU or location, or another unit",
  429: "too many calls; `Retry-After` says when to go on",
} as const;

const SUMMARIES: Readonly<Record<FeedKind, string>> = {
  movements: "Completed inventory movements: applied to the ledger at once",
  exceptions: "Exceptions from the floor: put into the supervisor's queue",
  "work-status": "Transitions of tasks: kept as their lifecycle, no ledger impact",
  capacity: "A snapshot of floor and fleet, for dashboards only",
};

function realtime(kind: FeedKind): Route {
  return {
    method: "POST",
    path: `/wes/v1/realtime/${kind}`,
    operationId: `post-${kind}`.replaceAll(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase()),
    summary: SUMMARIES[kind],
    access: ["partner"],
    body: z.union([z.looseObject({ correlation_id: z.uuid() }), z.array(z.looseObject({ correlation_id: z.uuid() }))]),
    success: {
      status: 200,
      description: "taken, or with `replay: true` known before; for an array the result of each record, in order",
      schema: z.union([ItemResult, z.object({ results: z.array(ItemResult) })]),
    },
    problems: PROBLEMS,
    handle: async (execution, { body, caller }) =>
      respond(await execution.takeFeed(kind, partnerOf(caller), body), 200),
  };
}

const shiftSummary: Route = {
  method: "POST",
  path: SHIFT_SUMMARY_PATH,
  operationId: "postShiftSummary",
  summary: "Cumulative totals of a window, start included, end not: compared with its realtime movements",
  access: ["partner"],
  body: ShiftSummary,
  success: { status: 200, description: "whether they agree", schema: ShiftVerdict },
  problems: { ...PROBLEMS, 409: "the window is reconciled already, by another summary" },
  handle: async (execution, { body, caller }) => respond(await execution.confirmShift(partnerOf(caller), body), 200),
};

const FeedQuery = PageQuery.omit({ application: true, account: true }).extend({
  kind: FeedKind.optional(),
  work_id: z.string().max(100).optional(),
});

const FeedRecordView = z.looseObject({
  id: z.number().int(),
  kind: FeedKind,
  executor_partner_id: z.string(),
  recorded_at: Timestamp,
  record: z.looseObject({}),
});

const listFeed: Route = {
  method: "GET",
  path: "/feed",
  operationId: "listFeed",
  summary: "What partners posted besides movements, newest first: a task's lifecycle, exceptions, capacity",
  access: ["reader"],
  query: FeedQuery,
  success: { status: 200, description: "a page of records", schema: pageOf(FeedRecordView) },
  handle: async (execution, { query }) => {
    const { kind, work_id: workId, ...page } = query as z.infer<typeof FeedQuery>;
    const { rows, ...rest } = await execution.listFeed({ ...page, kind, workId });
    const items = rows.map((row) => ({
      id: row.id,
      kind: row.kind,
      executor_partner_id: row.partnerId,
      recorded_at: row.recordedAt,
      record: row.body,
    }));
    return { status: 200, body: { items, ...rest } };
  },
};

/** A program of this machine that is no partner reports for the cloud's own fleet. */
function partnerOf({ name, partnerId = name, warehouseId }: Caller): Partner {
  return { partnerId, warehouseId };
}

/** The planner side of document 3, and what it has kept. */
export const wesRoutes: readonly Route[] = [...FeedKind.options.map(realtime), shiftSummary, listFeed];
