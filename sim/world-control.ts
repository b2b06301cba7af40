import { AgentError } from "#lib/errors";
import { connectLines, decodeLine } from "#drivers/simulated/line-socket";
import { ControlAnswer, type ControlRequest } from "./world-protocol.ts";
import type { WorldFault } from "./world/faults.ts";
import type { Movement } from "./world/hand.ts";
import type { Metrics, TrackPoint } from "./world/metrics.ts";
import type { RobotTruth } from "./world/robot.ts";
import type { ObstacleSpec } from "./world/world-spec.ts";

/** A world in another process, seen from outside of it: all methods reject `driver.down` once it is gone. */
export interface WorldControl extends AsyncDisposable {
  truth(robotId: string): Promise<RobotTruth>;
  metrics(robotId: string): Promise<Metrics>;
  track(robotId: string): Promise<readonly TrackPoint[]>;
  movements(): Promise<readonly Movement[]>;
  apply(fault: WorldFault): Promise<void>;
  addObstacle(obstacle: ObstacleSpec): Promise<void>;
  /** Pulls the plug of an emulated device, the part of that name in the profile, or puts it back. */
  plug(robotId: string, part: string, plug: "in" | "out"): Promise<void>;
}

type WithoutId<Request> = Request extends unknown ? Omit<Request, "requestId"> : never;
type Answer = Exclude<ControlAnswer, { type: "failed" }>;

interface Pending {
  readonly expects: Answer["type"];
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: AgentError) => void;
}

/** Connects to the world that is served at `address`. Rejects `driver.down` when there is none. */
export async function connectWorldControl(address: string): Promise<WorldControl> {
  const lines = await connectLines(address);
  const pending = new Map<number, Pending>();
  let [lastId, lost]: [number, string | undefined] = [0, undefined];
  const end = (reason: string): void => {
    lost = reason;
    for (const { reject } of pending.values()) reject(new AgentError("driver.down", reason));
    pending.clear();
  };
  lines.onClose((reason) => end(`the world at ${address} hung up: ${reason}`));
  lines.onLine((line) => {
    const answer = decodeLine(ControlAnswer, line);
    if (!answer) return end(`the world at ${address} gave an unreadable answer`);
    const waiting = pending.get(answer.requestId);
    pending.delete(answer.requestId);
    if (waiting) settle(waiting, answer);
  });
  function ask<Type extends Answer["type"]>(
    request: WithoutId<ControlRequest>,
    expects: Type,
  ): Promise<Extract<Answer, { type: Type }>> {
    if (lost !== undefined) return Promise.reject(new AgentError("driver.down", lost));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const requestId = ++lastId;
    pending.set(requestId, { expects, resolve, reject });
    lines.send(JSON.stringify({ ...request, requestId }));
    return promise as Promise<never>;
  }
  return {
    truth: async (robotId) => (await ask({ type: "truth", robotId }, "truth")).truth,
    metrics: async (robotId) => (await ask({ type: "metrics", robotId }, "metrics")).metrics,
    track: async (robotId) => (await ask({ type: "track", robotId }, "track")).track,
    movements: async () => (await ask({ type: "movements" }, "movements")).movements,
    apply: async (fault) => void (await ask({ type: "fault", fault }, "done")),
    addObstacle: async (obstacle) => void (await ask({ type: "obstacle", obstacle }, "done")),
    plug: async (robotId, part, plug) => void (await ask({ type: "plug", robotId, part, plug }, "done")),
    [Symbol.asyncDispose]() {
      lines.close();
      end("the control connection was closed");
      return Promise.resolve();
    },
  };
}

function settle({ expects, resolve, reject }: Pending, answer: ControlAnswer): void {
  if (answer.type === "failed") reject(new AgentError("driver.failed", answer.reason));
  else if (answer.type === expects) resolve(answer);
  else reject(new AgentError("driver.failed", `expected ${expects}, the world said ${answer.type}`));
}
