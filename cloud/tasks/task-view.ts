import { timestamp } from "#lib/clock";
import type { Board, Expectation } from "./board.ts";
import type { CloudContext } from "../context.ts";
import { windowOf } from "../core/scheduling/task-order.ts";
import type { ContractSummary, TaskRow } from "../io/store-rows.ts";
import { present } from "../present.ts";
import { type Answer, refuse } from "../problem.ts";
import { summaryView } from "../queries.ts";
import type { TaskView } from "../views.ts";

/** A task by the order that asked for it and the contracts that it was given with; its status is that of the last. */
export async function getTask(
  context: CloudContext,
  plan: Pick<Board, "expectationOf">,
  taskId: string,
): Promise<Answer<TaskView>> {
  const { store } = context;
  const contracts = await store.contractsOfTask(taskId);
  const row = await store.task(taskId);
  const last = contracts.at(-1);
  if (!last && !row) return refuse("not_found", `nobody asked for task ${taskId}`);
  // Of an order that is open again, the last contract is history.
  const given = row?.state === "open" ? undefined : last;
  const expected = plan.expectationOf(given?.contractId ?? taskId);
  return {
    ok: true,
    value: {
      taskId,
      status: given?.status ?? waitingStatus(row, expected),
      ...tenantOf(last, row),
      epoch: await store.highestEpoch(taskId),
      contracts: contracts.map(summaryView),
      ...present({
        nextAt: row?.state === "recurring" ? row.nextAt : undefined,
        expected: expected && expectedView(context, row, expected),
      }),
    },
  };
}

function tenantOf(
  last: ContractSummary | undefined,
  row: TaskRow | undefined,
): Pick<TaskView, "application" | "account"> {
  const { application, account } = last ?? row?.order ?? {};
  return present({ application, account });
}

function waitingStatus(row: TaskRow | undefined, expected: Expectation | undefined): string {
  if (row && row.state !== "open") return row.state;
  return expected ? "planned" : "waiting";
}

/** Work takes longer or shorter than expected by about a fifth. */
const SPREAD = 0.2;

function expectedView(
  { clock, config }: CloudContext,
  row: TaskRow | undefined,
  { deviceId, startsAtMs, endsAtMs }: Expectation,
): NonNullable<TaskView["expected"]> {
  const { notAfter } = row ? windowOf(row.order.window, Date.parse(row.createdAt), config.timeZone) : {};
  const view = { deviceId, startsAt: timestamp(startsAtMs), endsAt: timestamp(endsAtMs) };
  if (notAfter === undefined) return view;
  const sigmaMs = Math.max(1, SPREAD * (endsAtMs - clock.wallMs()));
  return { ...view, confidence: normalShare((Date.parse(notAfter) - endsAtMs) / sigmaMs) };
}

/** Share of a standard normal distribution below `z`; logistic approximation (Bowling et al. 2009), within 0.01. */
function normalShare(z: number): number {
  return 1 / (1 + Math.exp(-1.702 * z));
}
