import { ForceRelease } from "../../force-release.ts";
import { ForceReleaseView, TaskView } from "../../views.ts";
import { respond, type Route } from "../route.ts";

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
export const taskRoutes: readonly Route[] = [getTask, forceRelease];
