import { z } from "zod";
import { Timestamp } from "#contract/identifiers";
import { Movement } from "#contract/movement";
import { Resolution } from "../../exceptions.ts";
import { problem, readAs } from "../../problem.ts";
import { problemAnswer, respond, type Route } from "../route.ts";
import { PageQuery, pageOf } from "./page.ts";

const ExceptionView = z.object({
  id: z.number().int(),
  at: Timestamp,
  code: z.string(),
  severity: z.enum(["LOW", "MEDIUM", "HIGH", "URGENT"]),
  detail: z.string(),
  deviceId: z.string().optional(),
  contractId: z.string().optional(),
  resolvedAt: Timestamp.optional(),
  resolvedBy: z.string().optional(),
  note: z.string().optional(),
});

const ExceptionsQuery = PageQuery.extend({ status: z.enum(["open", "resolved"]).optional() });

/** Field names of the planner's feed (document 3). */
const LedgerView = Movement.extend({
  source: z.literal("WES"),
  executor_partner_id: z.string(),
  executor_correlation_id: z.string(),
  warehouse_id: z.string(),
  fenced: z.boolean().meta({ description: "done under an assignment that was no longer valid" }),
  device_id: z.string(),
  contract_id: z.string().optional(),
  recorded_at: Timestamp,
});

const listExceptions: Route = {
  method: "GET",
  path: "/exceptions",
  operationId: "listExceptions",
  summary: "The supervisor's queue, newest first",
  access: ["reader"],
  query: ExceptionsQuery,
  success: { status: 200, description: "a page of exceptions", schema: pageOf(ExceptionView) },
  handle: async (execution, { query }) => {
    const { rows: items, ...rest } = await execution.listExceptions(query as z.infer<typeof ExceptionsQuery>);
    return { status: 200, body: { items, ...rest } };
  },
};

const resolveException: Route = {
  method: "POST",
  path: "/exceptions/{id}/resolve",
  operationId: "resolveException",
  summary: "Take an exception off the queue: somebody has dealt with it",
  access: ["operator"],
  body: Resolution,
  success: { status: 200, description: "the exception", schema: ExceptionView },
  problems: { 404: "there is no such exception", 409: "it is resolved already", 422: "who has resolved it is missing" },
  handle: async (execution, { params, body }) => {
    const id = Number(params["id"]);
    const resolution = readAs(Resolution, body);
    if (!resolution.ok) return respond(resolution, 200);
    if (!Number.isSafeInteger(id)) return problemAnswer(problem("not_found", `there is no exception ${params["id"]}`));
    return respond(await execution.resolveException(id, resolution.value), 200);
  },
};

const listLedger: Route = {
  method: "GET",
  path: "/ledger",
  operationId: "listLedger",
  summary: "Inventory movements that were applied, newest first",
  access: ["reader"],
  query: PageQuery,
  success: { status: 200, description: "a page of movements", schema: pageOf(LedgerView) },
  handle: async (execution, { query }) => {
    const { rows, ...rest } = await execution.listLedger(query as z.infer<typeof PageQuery>);
    const items = rows.map((row) => ({
      ...row.movement,
      source: "WES",
      executor_partner_id: row.partnerId,
      executor_correlation_id: row.correlationId,
      warehouse_id: row.warehouseId,
      fenced: row.isFenced,
      device_id: row.deviceId,
      contract_id: row.contractId,
      recorded_at: row.recordedAt,
    }));
    return { status: 200, body: { items, ...rest } };
  },
};

/** What people and other systems read up: exceptions and movements. */
export const recordRoutes: readonly Route[] = [listExceptions, resolveException, listLedger];
