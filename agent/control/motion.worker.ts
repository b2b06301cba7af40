import { flushCompileCache } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { AgentError, assert, unreachable } from "#lib/errors";
import { createSystemClock } from "#lib/node/system-clock";
import { createMapSource } from "#edge-planner/map-cache";
import { createMotionDrivers } from "./motion-drivers.ts";
import { type MotionLoop, startMotionLoop } from "./motion-loop.ts";
import { startPlanningThread } from "./planning-thread.ts";
import type { MotionNotice, MotionRequest, MotionWorkerConfig } from "./protocol.ts";

assert(parentPort, "the motion worker runs in a worker thread");
const port = parentPort;
const config = workerData as MotionWorkerConfig;
const clock = createSystemClock(config.clockScale);
const parts = new AsyncDisposableStack();
let isClosing = false;

try {
  const loop = await start();
  port.on("message", (request: MotionRequest) => obey(loop, request));
  // Without its parent nobody can stop the robot any more.
  port.on("close", () => void close());
  post({ type: "started" });
  flushCompileCache();
} catch (thrown) {
  fail(thrown);
}

async function start(): Promise<MotionLoop> {
  const drivers = await createMotionDrivers(config.drivers, clock);
  for (const driver of [drivers.base, drivers.lidar, drivers.position, drivers.pilot]) parts.use(driver);
  const planner = parts.use(startPlanningThread(fail));
  return parts.use(
    await startMotionLoop({
      planner,
      clock,
      profile: config.profile,
      drivers,
      maps: createMapSource(),
      onReport: (report) => post({ type: "report", report }),
    }),
  );
}

function obey(loop: MotionLoop, request: MotionRequest): void {
  try {
    switch (request.type) {
      case "world":
        return loop.setWorld(request.world);
      case "goal":
        return loop.setGoal(request.goal);
      case "stop":
        return loop.stop();
      case "close":
        return void close();
      default:
        return unreachable(request);
    }
  } catch (thrown) {
    fail(thrown);
  }
}

/** Weather is told to the parent, after which the worker ends; bugs end it at once. The loop has braked in both cases. */
function fail(thrown: unknown): void {
  if (!(thrown instanceof AgentError)) throw thrown;
  const { code, message, retryable } = thrown;
  post({ type: "failed", error: { code, message, retryable } });
  void close();
}

/** Brakes, disables and disposes of the drivers, then lets the thread end. */
async function close(): Promise<void> {
  if (isClosing) return;
  isClosing = true;
  await parts.disposeAsync();
  port.close();
}

function post(notice: MotionNotice): void {
  port.postMessage(notice);
}
