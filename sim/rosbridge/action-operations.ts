import { z } from "zod";
import { AgentError } from "#lib/errors";
import { type Action, GOAL_STATUS, type GoalHandle, type Leave } from "./graph.ts";
import { populate, type RosMessage, toJson } from "./message-values.ts";
import {
  failureText,
  idOf,
  type Operations,
  type OperationId,
  populateArgs,
  type SessionContext,
} from "./session-context.ts";

const Id = z.union([z.string(), z.number()]);
const AdvertiseAction = z.looseObject({ action: z.string(), type: z.string() });
const OnAction = z.looseObject({ action: z.string() });
const SendGoal = z.looseObject({
  action: z.string(),
  action_type: z.string(),
  args: z.unknown().optional(),
  feedback: z.boolean().default(false),
});
const CancelGoal = z.looseObject({ action: z.string(), id: Id });
const Feedback = z.looseObject({ action: z.string(), id: Id, values: z.unknown().optional() });
const Result = z.looseObject({
  action: z.string(),
  id: Id,
  values: z.unknown().optional(),
  status: z.int().default(GOAL_STATUS.unknown),
  result: z.boolean(),
});

/** A goal that this client, as an action server, works on. */
interface Served {
  readonly name: string;
  readonly type: Action;
  readonly onFeedback: (feedback: RosMessage) => void;
  readonly resolve: (end: { status: number; result: RosMessage }) => void;
  readonly reject: (error: AgentError) => void;
}

/** send_action_goal, cancel_action_goal, and advertise_action with what belongs to it. ROS 2 only. */
export function actionOperations(context: SessionContext): Operations {
  const asked = new Map<OperationId, GoalHandle>();
  const server = actionServer(context);
  const { clock, graph, say, status } = context;
  const { version } = graph.types;

  async function sendGoal(message: unknown, id: OperationId): Promise<void> {
    const { action: name, action_type: type, args, feedback } = SendGoal.parse(message);
    const end = (values: unknown, goalStatus: number, result: boolean): void =>
      say({ op: "action_result", action: name, values, status: goalStatus, result, ...idOf(id) });
    const action = graph.action(name);
    if (!action || action.type !== graph.types.canonical(type)) {
      return end(`Action ${name} of type ${type} does not exist`, GOAL_STATUS.unknown, false);
    }
    const goal = populateArgs(action.goal, args, clock.wallMs());
    if (!goal.ok) return end(goal.reason, GOAL_STATUS.unknown, false);
    const handle = action.handle(goal.message, (values) => {
      if (feedback) say({ op: "action_feedback", action: name, values: toJson(values, version), ...idOf(id) });
    });
    asked.set(id, handle);
    try {
      const ended = await handle.ended;
      end(toJson(ended.result, version), ended.status, true);
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
      status("error", `send_action_goal: ${thrown.message}`, id);
      end(thrown.message, GOAL_STATUS.unknown, false);
    } finally {
      asked.delete(id);
    }
  }
  return {
    byOp: {
      send_action_goal: sendGoal,
      cancel_action_goal(message) {
        asked.get(CancelGoal.parse(message).id)?.cancel();
      },
      ...server.byOp,
    },
    // Goals of a client that is gone go on: nobody cancels them for it.
    end: () => server.end(),
  };
}

function actionServer({ clock, graph, say, status }: SessionContext): Operations {
  const offered = new Map<string, Leave>();
  const served = new Map<string | number, Served>();
  let lastId = 0;

  function begin(name: string, goal: RosMessage, onFeedback: Served["onFeedback"]): GoalHandle {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; result: RosMessage }>();
    const type = graph.action(name)!;
    const id = `action_goal:${name}:${++lastId}`;
    served.set(id, { name, type, onFeedback, resolve, reject });
    const args = toJson(goal, graph.types.version);
    say({ op: "send_action_goal", id, action: name, action_type: graph.types.spell(type.type, "action"), args });
    return { ended: promise, cancel: () => say({ op: "cancel_action_goal", id, action: name }) };
  }
  function tell(message: unknown, id: OperationId): void {
    const feedback = Feedback.parse(message);
    const goal = served.get(feedback.id);
    if (!goal) return status("error", `action_feedback: there is no goal ${feedback.id}`, id);
    const populated = populate(goal.type.feedback, feedback.values ?? {}, clock.wallMs());
    if (populated.ok) goal.onFeedback(populated.message);
    else status("error", `action_feedback: ${populated.reason}`, id);
  }
  function settle(message: unknown, id: OperationId): void {
    const { id: goalId, result, values, status: goalStatus } = Result.parse(message);
    const goal = served.get(goalId);
    if (!goal) return status("error", `action_result: there is no goal ${goalId}`, id);
    served.delete(goalId);
    const populated = result ? populate(goal.type.result, values ?? {}, clock.wallMs()) : undefined;
    if (populated?.ok) goal.resolve({ status: goalStatus, result: populated.message });
    else goal.reject(new AgentError("driver.failed", populated ? populated.reason : failureText(values)));
  }
  function withdraw(name: string): void {
    offered.get(name)?.();
    offered.delete(name);
    for (const [id, goal] of served) {
      if (goal.name !== name) continue;
      served.delete(id);
      goal.reject(new AgentError("driver.failed", `Action ${name} was unadvertised with a goal in progress`));
    }
  }
  return {
    byOp: {
      action_feedback: tell,
      action_result: settle,
      advertise_action(message, id) {
        const { action, type } = AdvertiseAction.parse(message);
        withdraw(action);
        const result = graph.act(action, type, (goal, onFeedback) => begin(action, goal, onFeedback));
        if (result.ok) offered.set(action, result.value);
        else status("error", `advertise_action: ${result.reason}`, id);
      },
      unadvertise_action(message, id) {
        const { action } = OnAction.parse(message);
        if (offered.has(action)) withdraw(action);
        else status("error", `unadvertise_action: ${action} is not advertised by this client`, id);
      },
    },
    end() {
      for (const name of offered.keys()) withdraw(name);
    },
  };
}
