import { z } from "zod";
import { feedEvent, type FeedMemory } from "#contract/feed/records";
import { WorkStatus } from "#contract/feed/work-status";
import { Timestamp } from "#contract/identifiers";
import { Movement } from "#contract/movement";
import type { CloudContext } from "./context.ts";
import type { FeedRow } from "./io/feed-rows.ts";
import type { ContractSummary } from "./io/store-rows.ts";
import type { DocumentKey } from "./io/store.ts";
import { type Answer, refuse } from "./problem.ts";
import { summaryView } from "./queries.ts";
import { ContractSummaryView } from "./views.ts";

const Transition = z.object({
  at: Timestamp,
  status: WorkStatus,
  stage: z.string().optional().meta({ description: "absent when it is about the whole task" }),
  by: z.string().meta({ description: "who said so: a partner or a device" }),
  reason: z.string().optional(),
});

/** A document of the planner (an order, a receipt), with what was done for it. */
export const DocumentView = z.object({
  type: z.string(),
  id: z.string(),
  tasks: z.array(
    z.object({
      taskId: z.string(),
      lifecycle: z.array(Transition).meta({ description: "oldest first" }),
      contracts: z.array(ContractSummaryView),
    }),
  ),
  movements: z.array(Movement).meta({ description: "newest first" }),
});
export type DocumentView = z.infer<typeof DocumentView>;

/** The tasks of a document with their lifecycle, by the journals of this fleet and by what partners have posted. */
export async function getDocument(
  context: Pick<CloudContext, "store" | "config">,
  key: DocumentKey,
): Promise<Answer<DocumentView>> {
  const { contracts, records, movements } = await context.store.documentWork(key);
  if (contracts.length + records.length + movements.length === 0)
    return refuse("not_found", `nothing was ever done for ${key.type} ${key.id}`);
  const taskIds = new Set([...contracts.map(({ taskId }) => taskId), ...records.map(workOf)]);
  const tasks = await Promise.all(
    [...taskIds].map(async (taskId) => {
      const own = contracts.filter((contract) => contract.taskId === taskId);
      const journaled = await Promise.all(own.map((contract) => transitionsOf(context, contract)));
      const posted = records.filter((record) => workOf(record) === taskId).map(postedTransition);
      const lifecycle = [...journaled.flat(), ...posted].toSorted((a, b) => (a.at < b.at ? -1 : 1));
      return { taskId, lifecycle, contracts: own.map(summaryView) };
    }),
  );
  return { ok: true, value: { ...key, tasks, movements: movements.map(({ movement }) => movement) } };
}

type Transition = z.infer<typeof Transition>;

/** What a contract's journal says to a planner about its task. */
async function transitionsOf(
  { store, config }: Pick<CloudContext, "store" | "config">,
  { contractId, deviceId }: ContractSummary,
): Promise<Transition[]> {
  let memory: FeedMemory = {};
  const transitions: Transition[] = [];
  for (const event of await store.contractEvents(contractId)) {
    const fed = feedEvent(memory, event, { warehouseId: config.warehouseId, deviceId });
    memory = fed.memory;
    if (fed.item?.stream === "work-status") transitions.push(transitionOf(fed.item.record, deviceId));
  }
  return transitions;
}

const Told = z.looseObject({
  status: WorkStatus,
  occurred_at: z.string(),
  stage: z.looseObject({ id: z.string() }).optional(),
  reason: z.string().optional(),
});

function transitionOf(record: unknown, by: string): Transition {
  const { status, occurred_at: at, stage, reason } = Told.parse(record);
  return { at, status, by, ...(stage && { stage: stage.id }), ...(reason !== undefined && { reason }) };
}

function postedTransition({ body, partnerId }: FeedRow): Transition {
  return transitionOf(body, partnerId);
}

function workOf({ workId = "" }: FeedRow): string {
  return workId;
}
