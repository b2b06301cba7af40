import { z } from "zod";
import type { Cancel } from "#lib/clock";
import { AgentError, messageOf } from "#lib/errors";
import type { Pose, Velocity } from "#lib/geometry";
import type { Pilot, PilotState } from "../driver.ts";
import type { RosBridge } from "./bridge.ts";
import type { GoalEvents } from "./connection.ts";
import type { Reading } from "./messages.ts";
import type { RosPilotOptions } from "./options.ts";
import type { RosDeps } from "./sensors.ts";
import { createTopicDevice, type TopicDevice } from "./topic-device.ts";

const TwistMessage = z.object({ linear: z.object({ x: z.number() }), angular: z.object({ z: z.number() }) });
const TwistStampedMessage = z.object({ twist: TwistMessage }).transform(({ twist }) => twist);
const Feedback = z.object({ distance_remaining: z.number() });

type Wish = { readonly atMs: number } & Velocity;

/** A goal that was not seen to end so long after it was cancelled is replaced by one to stay. */
const CANCEL_MS = 300;
const CALL_MS = 2000;
/** A goal that failed is not asked for again at once. */
const PAUSE_MS = 1000;

interface Goal {
  readonly goalId: string;
  readonly pose: Pose;
  readonly sinceMs: number;
  cancel: (() => void) | undefined;
  progress: PilotState["progress"];
  reason?: string;
  remaining?: number;
}

/** Nav2 as the navigation. */
export function createRosPilot(options: RosPilotOptions, { clock, bridge }: RosDeps, goals: RosBridge): Pilot {
  const velocity = velocityDevice(options, { clock, bridge });
  const keeper = createGoalKeeper(options, { clock, bridge }, goals);
  return {
    name: "ros pilot",
    gate: options.gate,
    async open() {
      await goals.open();
      await velocity.open();
    },
    enable: () => velocity.enable(),
    async disable() {
      keeper.cancel();
      await velocity.disable();
    },
    health() {
      const reason = goals.downReason();
      const own = velocity.health();
      return own.state !== "down" && reason !== undefined ? { ...own, state: "down", reason } : own;
    },
    state() {
      const wish = velocity.latest();
      const isHeard = options.gate === "own" && wish !== undefined;
      return { ...keeper.state(), ...(isHeard ? { wanted: { atMs: wish.atMs, velocity: wish } } : {}) };
    },
    goTo({ goalId, pose }) {
      if (velocity.isEnabled()) keeper.goTo(goalId, pose);
    },
    cancel: (here) => keeper.cancel(here),
    async [Symbol.asyncDispose]() {
      keeper.cancel();
      keeper.end();
      await goals.release();
      await velocity[Symbol.asyncDispose]();
    },
  };
}

interface GoalKeeper {
  state(): PilotState;
  goTo(goalId: string, pose: Pose): void;
  cancel(here?: Pose): void;
  /** Waits for nothing any more. */
  end(): void;
}

/**
 * The goal that Nav2 is at. Goals have a connection of their own, `goals`: a bridge of ROS 2 may serve nothing else to whoever waits
 * for one, cancelling included. So what stops it goes three ways: `cancel_action_goal`; the cancelling service of the action over
 * the shared connection; and, where neither is seen to help, a goal to stay where the robot is.
 */
function createGoalKeeper(options: RosPilotOptions, { clock, bridge }: RosDeps, goals: RosBridge): GoalKeeper {
  const action = { name: options.action, type: "nav2_msgs/NavigateToPose" };
  let goal: Goal | undefined;
  let stopWaiting: Cancel = () => undefined;

  function begin(goalId: string, pose: Pose): void {
    const begun: Goal = { goalId, pose, sinceMs: clock.nowMs(), cancel: undefined, progress: "driving" };
    const message = { pose: stampedPose(pose), behavior_tree: "" };
    begun.cancel = goals.sendGoal(action, message, eventsOf(begun));
    goal = begun;
    if (begun.cancel) return;
    begun.progress = "failed";
    begun.reason = goals.downReason() ?? "the goal could not be sent";
  }
  function stop(ending: Goal, here: Pose | undefined): void {
    ending.cancel?.();
    const service = { name: `${options.action}/_action/cancel_goal`, type: "action_msgs/CancelGoal" };
    // It says that there is nothing to cancel, or nothing at all; whether the goal ended is looked at below.
    bridge.call(service, {}, CALL_MS).catch((thrown: unknown) => {
      if (!(thrown instanceof AgentError)) throw thrown;
      ending.reason ??= messageOf(thrown);
    });
    stopWaiting();
    stopWaiting = clock.after(CANCEL_MS, () => {
      if (ending.progress !== "driving" || goal || !here) return;
      bridge.publish({ name: options.goalTopic, type: "geometry_msgs/PoseStamped" }, stampedPose(here));
    });
  }
  function cancel(here?: Pose): void {
    const ending = goal;
    goal = undefined;
    if (ending?.progress === "driving") stop(ending, here);
  }
  return {
    state() {
      if (!goal) return { progress: "idle" };
      const { goalId, progress, reason, remaining } = goal;
      const told = { ...(reason === undefined ? {} : { reason }), ...(remaining === undefined ? {} : { remaining }) };
      return { goalId, progress, ...told };
    },
    goTo(goalId, pose) {
      const isSame = goal?.goalId === goalId && isSamePose(goal.pose, pose);
      const isPaused = goal?.progress !== "failed" || clock.nowMs() - goal.sinceMs < PAUSE_MS;
      if (isSame && isPaused) return;
      if (!isSame) cancel();
      begin(goalId, pose);
    },
    cancel,
    end: () => stopWaiting(),
  };
}

function eventsOf(goal: Goal): GoalEvents {
  return {
    onFeedback(feedback) {
      const parsed = Feedback.safeParse(feedback);
      if (parsed.success) goal.remaining = parsed.data.distance_remaining;
    },
    onDone: () => void (goal.progress = "arrived"),
    onFailed(reason) {
      goal.progress = "failed";
      goal.reason = reason;
    },
  };
}

/** What Nav2 wants the base to do; silent while it wants nothing. */
function velocityDevice({ velocity, velocityType }: RosPilotOptions, deps: RosDeps): TopicDevice<Wish> {
  return createTopicDevice<Wish>({
    name: "ros pilot",
    ...deps,
    topic: { name: velocity, type: velocityType === "twist" ? "geometry_msgs/Twist" : "geometry_msgs/TwistStamped" },
    silentMs: Infinity,
    read: readTwist,
  });
}

function readTwist(message: unknown): Reading<Wish> {
  const parsed = z.union([TwistMessage, TwistStampedMessage]).safeParse(message);
  if (!parsed.success) return { ok: false, reason: "geometry_msgs/Twist: it holds no velocity" };
  const { linear, angular } = parsed.data;
  return { ok: true, stampMs: undefined, sample: { linear: linear.x, angular: angular.z } };
}

function stampedPose({ x, y, yaw }: Pose): object {
  const orientation = { x: 0, y: 0, z: Math.sin(yaw / 2), w: Math.cos(yaw / 2) };
  return { header: { frame_id: "map" }, pose: { position: { x, y, z: 0 }, orientation } };
}

function isSamePose(a: Pose, b: Pose): boolean {
  return a.x === b.x && a.y === b.y && a.yaw === b.yaw;
}
