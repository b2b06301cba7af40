import { Worker } from "node:worker_threads";
import { loadProfile } from "#agent/io/profile-file";
import type { MotionNotice, MotionRequest, MotionWorkerConfig } from "#agent/control/protocol";
import { motionProfileOf } from "#agent/profile";
import { assert } from "#lib/errors";
import { createSystemClock } from "#lib/node/system-clock";

/**
 * What an agent is to its motion worker, and nothing else: starts it with the devices of the profile in its first argument and keeps a
 * goal alive. SIGUSR2 kills the worker and nothing else.
 */
const [file = ""] = process.argv.slice(2);
const profile = loadProfile(file);
assert(profile.drivers.kind === "devices", "the profile names devices");
const clock = createSystemClock();
const workerData: MotionWorkerConfig = {
  clockScale: { factor: 1, originMs: 0 },
  profile: motionProfileOf(profile),
  drivers: profile.drivers,
};
const worker = new Worker(new URL("../../agent/control/motion.worker.ts", import.meta.url), { workerData });
const post = (request: MotionRequest): void => worker.postMessage(request);
worker.on("message", (notice: MotionNotice) => {
  if (notice.type === "failed") process.stderr.write(`${notice.error.message}\n`);
  if (notice.type !== "started") return;
  post({ type: "world", world: { mapId: "open", zones: [], forbiddenZones: [] } });
  setInterval(() => {
    const goal = { goalId: "far", pose: { x: 2, y: -17, yaw: -1.57 }, tolerance: 0.2, maxSpeed: 1 };
    post({ type: "goal", goal: { ...goal, validUntilMs: clock.nowMs() + 1000 } });
  }, 200);
});
process.on("SIGUSR2", () => void worker.terminate());
// Outlives its worker.
setInterval(() => undefined, 1000);
