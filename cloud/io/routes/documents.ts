import { z } from "zod";
import { Timestamp } from "#contract/identifiers";
import { DocumentView } from "../../documents.ts";
import { respond, type Route } from "../route.ts";

const listDocuments: Route = {
  method: "GET",
  path: "/documents",
  operationId: "listDocuments",
  summary: "The planner's documents that work was done for lately, newest first",
  access: ["reader"],
  success: {
    status: 200,
    description: "at most 200 of them",
    schema: z.object({ items: z.array(z.object({ type: z.string(), id: z.string(), lastAt: Timestamp })) }),
  },
  handle: async (execution) => ({ status: 200, body: { items: await execution.listDocuments() } }),
};

const getDocument: Route = {
  method: "GET",
  path: "/documents/{type}/{id}",
  operationId: "getDocument",
  summary: "A document of the planner: its tasks with their lifecycle, and the movements",
  access: ["reader"],
  success: { status: 200, description: "the document", schema: DocumentView },
  problems: { 404: "nothing was ever done for it" },
  handle: async (execution, { params }) =>
    respond(await execution.getDocument({ type: params["type"]!, id: params["id"]! }), 200),
};

/** The planner's documents, as work has gone on for them. */
export const documentRoutes: readonly Route[] = [listDocuments, getDocument];
