import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRng } from "#lib/rng";
import { Devices } from "#drivers/catalogue";
import { createMotionDevices } from "#drivers/create-devices";
import type { MotionDrivers, Pilot } from "#drivers/driver";
import { type BridgeBench, createBridgeBench } from "./bench.ts";
import { GOAL_STATUS, type GoalHandle } from "./graph.ts";
import type { RosMessage } from "./message-values.ts";

const ros = { driver: "ros" };
const POSE = { x: 3, y: 1, yaw: 0 };
const HERE = { x: 1, y: 0.5, yaw: 0 };
const RESULT = { error_code: 0, error_msg: "" };

let bench: BridgeBench;
let motion: MotionDrivers;
let pilot: Pilot;
let goals: { readonly goal: RosMessage; end(status: number): void; isCancelled: boolean }[];
let isDeaf: boolean;

/** Nav2 as far as a goal sees it: a deaf one does not obey when it is cancelled. */
function navigate(goal: RosMessage): GoalHandle {
  const { promise, resolve } = Promise.withResolvers<{ status: number; result: RosMessage }>();
  const entry = { goal, isCancelled: false, end: (status: number) => resolve({ status, result: RESULT }) };
  goals.push(entry);
  return {
    ended: promise,
    cancel() {
      entry.isCancelled = true;
      if (!isDeaf) entry.end(GOAL_STATUS.canceled);
    },
  };
}

async function start(threads: "one" | "many"): Promise<void> {
  [goals, isDeaf] = [[], false];
  bench = createBridgeBench({ threads });
  bench.graph.act("/navigate_to_pose", "nav2_msgs/action/NavigateToPose", navigate);
  bench.graph.advertise("/cmd_vel_nav", "geometry_msgs/msg/Twist", "/nav2");
  await bench.clock.advance(300);
  const profile = { kind: "devices", bridge: {}, base: ros, lidar: ros, position: ros, battery: ros, pilot: ros };
  const { clock, lines } = bench;
  motion = createMotionDevices(Devices.parse(profile), { clock, rng: createRng(1), lines });
  pilot = motion.pilot!;
  const opened = pilot.open();
  await clock.advance(100);
  await opened;
  await pilot.enable();
}

beforeEach(() => start("many"));
afterEach(async () => {
  for (const device of Object.values(motion)) await device[Symbol.asyncDispose]();
  bench[Symbol.dispose]();
});

describe("Nav2 behind a rosbridge", () => {
  it("is given each goal once, in the frame map, and tells how far it is", async () => {
    pilot.goTo({ goalId: "a", pose: POSE });
    pilot.goTo({ goalId: "a", pose: POSE });
    await bench.clock.advance(10);
    expect(goals).toHaveLength(1);
    expect(goals[0]!.goal).toMatchObject({ pose: { header: { frame_id: "map" }, pose: { position: { x: 3, y: 1 } } } });
    const twist = { linear: { x: 0.4, y: 0, z: 0 }, angular: { x: 0, y: 0, z: 0.2 } };
    bench.graph.publish("/cmd_vel_nav", twist);
    expect(pilot.state()).toMatchObject({ goalId: "a", progress: "driving", wanted: { velocity: { linear: 0.4 } } });
    goals[0]!.end(GOAL_STATUS.succeeded);
    await bench.clock.advance(10);
    expect(pilot.state().progress).toBe("arrived");
  });

  it("has its goal cancelled when it is not wanted any more, and is not sent elsewhere when it obeyed", async () => {
    pilot.goTo({ goalId: "a", pose: POSE });
    await bench.clock.advance(10);
    pilot.cancel(HERE);
    await bench.clock.advance(1000);
    expect(goals[0]!.isCancelled).toBe(true);
    expect(bench.sent.filter(({ topic }) => topic === "/goal_pose")).toEqual([]);
    expect(pilot.state().progress).toBe("idle");
  });

  it("is cancelled through a bridge that serves nobody who waits for a goal", async () => {
    await motion.base[Symbol.asyncDispose]();
    await start("one");
    pilot.goTo({ goalId: "a", pose: POSE });
    await bench.clock.advance(10);
    pilot.cancel(HERE);
    await bench.clock.advance(10);
    expect(goals[0]!.isCancelled).toBe(true);
  });

  it("is sent to stay where the robot is when cancelling does not help", async () => {
    isDeaf = true;
    pilot.goTo({ goalId: "a", pose: POSE });
    await bench.clock.advance(10);
    pilot.cancel(HERE);
    await bench.clock.advance(400);
    const stays = bench.sent.filter(({ op, topic }) => op === "publish" && topic === "/goal_pose");
    expect(stays).toHaveLength(1);
    expect(stays[0]!["msg"]).toMatchObject({ header: { frame_id: "map" }, pose: { position: { x: 1, y: 0.5 } } });
  });

  it("fails with the reason when the bridge is lost, and is asked again when it is back", async () => {
    pilot.goTo({ goalId: "a", pose: POSE });
    await bench.clock.advance(10);
    bench.unplug();
    expect(pilot.state()).toMatchObject({ progress: "failed", reason: "the bridge hung up" });
    bench.plug();
    for (let at = 0; at < 50; at++) {
      pilot.goTo({ goalId: "a", pose: POSE });
      await bench.clock.advance(100);
    }
    expect(goals).toHaveLength(2);
    expect(pilot.state().progress).toBe("driving");
  });
});
