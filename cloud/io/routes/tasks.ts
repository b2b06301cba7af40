import { z } from "zod";
import { Name, Uuid7 } from "#contract/identifiers";
import { CONTRACT_STATUSES } from "#contract/status";
import { ForceRelease } from "../../force-release.ts";
import { TaskOrder } from "../../core/scheduling/task-order.ts";
import { TaskDraft } from "../../tasks/assign-task.ts";
import { ForceReleaseView, TaskView } from "../../views.ts";
import { respond, type Route } from "../route.ts";

const Assigned = z.object({
  taskId: Name,
  deviceId: Name,
  contractId: Uuid7,
  status: z.enum(CONTRACT_STATUSES),
  epoch: z.number().int(),
});
const Made = z.union([Assigned, TaskView]);

const assignTask: Route = {
  method: "POST",
  path: "/tasks",
  operationId: "assignTask",
  summary:
    "Give a contract to the device that can begin first, and answer when it has stored it; or, by a template, keep a task until its time and a device have come",
  access: ["integrator"],
  headers: { "idempotency-key": "the same key with the same body is the same request" },
  body: z.union([TaskOrder, TaskDraft]),
  success: { status: 201, description: "the device has stored the contract; or the task is kept", schema: Made },
  problems: {
    409: "no device can take it now, it already has an active contract, or the cloud was restored and does not know yet",
    413: "the body is larger than 4 MiB",
    422: "the task is invalid, or the device refused it; `type` ends with the reason",
    503: "the broker cannot be reached",
    504: "the device did not confirm in time: the contract stays unconfirmed and locked",
  },
  handle: async (execution, { body, header }) => {
    const options = { idempotencyKey: header("idempotency-key") };
    const isOrder = typeof body === "object" && body !== null && "template" in body;
    const answer = isOrder ? await execution.submitTask(body, options) : await execution.assignTask(body, options);
    return respond<{ taskId: string }>(answer, 201, ({ taskId }) => ({ location: `/tasks/${taskId}` }));
  },
};

const getTask: Route = {
  method: "GET",
  path: "/tasks/{id}",
  operationId: "getTask",
  summary: "A task, and every contract that it was given with",
  access: ["reader"],
  success: { status: 200, description: "the task", schema: TaskView },
  problems: { 404: "no contract was ever made for it" },
  handle: async (execution, { params }) => respond(await execution.getTask(params["id"]!), 200),
};

const cancelTask: Route = {
  method: "POST",
  path: "/tasks/{id}/cancel",
  operationId: "cancelTask",
  summary: "Take back a task, or a recurring one, that no device was given yet",
  access: ["operator", "integrator"],
  success: { status: 200, description: "the task is taken back", schema: TaskView },
  problems: { 404: "nobody asked for it", 409: "a device was given it, or it has ended" },
  handle: async (execution, { params }) => respond(await execution.cancelTask(params["id"]!), 200),
};

const forceRelease: Route = {
  method: "POST",
  path: "/tasks/{id}/force-release",
  operationId: "forceReleaseTask",
  summary: "Take a task from its device without the device's consent; an operator answers for what can happen",
  access: ["operator"],
  body: ForceRelease,
  success: {
    status: 200,
    description: "the lock is freed, and a new epoch fences the device",
    schema: ForceReleaseView,
  },
  problems: {
    404: "no contract was ever made for it",
    409: "nothing holds its lock, or the warning in `detail` has not been confirmed",
    422: "the order is not well-formed",
  },
  handle: async (execution, { params, body }) => respond(await execution.forceRelease(params["id"]!, body), 200),
};

/** Tasks, by the contracts that they were given with. */
export const taskRoutes: readonly Route[] = [assignTask, getTask, cancelTask, forceRelease];
