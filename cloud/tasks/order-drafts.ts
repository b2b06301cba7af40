import { checkContractDraft } from "#contract/check";
import type { ContractDraft } from "#contract/contract";
import type { CloudContext } from "../context.ts";
import { windowOf, type TaskOrder } from "../core/scheduling/task-order.ts";
import { formTask, type TaskTemplate } from "../core/scheduling/task-template.ts";
import { fillSpatial } from "../excerpts.ts";
import { type Answer, refuseContract } from "../problem.ts";
import { present } from "../present.ts";
import { NOBODY } from "./assign-task.ts";

/** An order as a task: what was asked for, under which id, and when. */
export interface AskedTask {
  readonly order: TaskOrder;
  readonly taskId: string;
  readonly askedAtMs: number;
}

/** Makes contracts of orders. The same order always makes the same contract, but for the excerpt of the map. */
export interface OrderDrafts {
  /** Without a device and unchecked, the map only named: what is pushed. */
  form(asked: AskedTask): Answer<Readonly<Record<string, unknown>>>;
  /** With the excerpt for a device that nobody knows yet, checked whole. */
  check(asked: AskedTask): Answer<ContractDraft>;
}

export function createOrderDrafts(context: CloudContext, templates: readonly TaskTemplate[]): OrderDrafts {
  const known = new Map(templates.map((template) => [template.id, template]));

  function form({ order, taskId, askedAtMs }: AskedTask): ReturnType<OrderDrafts["form"]> {
    const template = known.get(order.template);
    if (!template) return unknownTemplate(order.template, [...known.keys()]);
    const made = formTask(template, order.parameters);
    if (!made.ok) return refuseContract("invalid", "the parameters do not fit the template", made.problems);
    const { mapId, application, account } = order;
    const window = windowOf(order.window, askedAtMs, context.config.timeZone);
    const constraints = { ...(made.draft["constraints"] as object), window };
    const spatial = mapId === undefined ? made.draft["spatial"] : { mapId };
    return {
      ok: true,
      value: { ...made.draft, name: taskId, taskId, ...present({ application, account }), constraints, spatial },
    };
  }
  return {
    form,
    check(asked) {
      const draft = form(asked);
      if (!draft.ok) return draft;
      const placed = fillSpatial(context, { ...draft.value, deviceId: NOBODY });
      if (!placed.ok) return placed;
      const contract = checkContractDraft(placed.value.body);
      if (contract.ok) return { ok: true, value: contract.contract };
      return refuseContract(contract.reason, "the task is not one that a device could do", contract.problems);
    },
  };
}

function unknownTemplate(id: string, known: readonly string[]): Answer<never> {
  const expected = known.join(", ") || "none: `taskTemplates` of the configuration names no folder with any";
  const problem = { path: "/template", message: "there is no such template", value: id, expected };
  return refuseContract("invalid", `there is no task template ${id}`, [problem]);
}
