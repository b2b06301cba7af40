import { activeContract } from "#contract/reducer";
import type { ConsoleFacts, LiveFacts } from "../console/core/facts.ts";

/** Whether everything that the cloud does not have is on the disk: the newest event could be read back from there. */
export type Persistence = "persisted" | "unwritten";

/** Slower than this is still: wheel encoders tremble. */
const STILL_MPS = 0.01;
/** What was not heard of for longer tells nothing about now. */
const STALE_MS = 30_000;

/**
 * Why the software must not be changed now, one sentence each; none when it may: the robot stands, in its dock, without a
 * contract, and nothing would be lost.
 */
export function updateObstacles(facts: ConsoleFacts, persistence: Persistence): readonly string[] {
  const { live } = facts;
  if (!live) {
    const unknown = "whether the robot stands in its dock is not known; start it, or look and update by hand";
    return [`the agent does not run: ${unknown}`, ...contractObstacles(facts)];
  }
  return [
    ...motionObstacles(live, facts.nowMs),
    ...dockObstacles(live, facts.nowMs),
    ...contractObstacles(facts),
    ...outboxObstacles(facts, persistence),
  ];
}

function motionObstacles({ report, robot }: LiveFacts, nowMs: number): readonly string[] {
  if (!report) return ["the motion loop has said nothing yet: whether the robot stands is not known"];
  if (nowMs - report.atMs > STALE_MS) return ["the motion loop is silent: whether the robot stands is not known"];
  if (report.drive.state === "driving") return ["the robot drives: hold it first"];
  return robot.speed > STILL_MPS ? ["the robot still moves: wait until it stands"] : [];
}

function dockObstacles({ battery, drivers }: LiveFacts, nowMs: number): readonly string[] {
  if (!drivers["battery"]) return ["the profile has no battery: whether the robot is docked is not known"];
  if (!battery || nowMs - battery.atMs > STALE_MS)
    return ["the battery does not answer: whether the robot is docked is not known"];
  return battery.isCharging ? [] : ["the robot is not docked: it does not charge"];
}

function contractObstacles({ state }: ConsoleFacts): readonly string[] {
  const active = activeContract(state);
  if (!active) return [];
  const { name, contractId, status, holds } = active;
  const how = holds.length > 0 ? `held by ${[...new Set(holds.map(({ by }) => by))].join(", ")}` : status;
  return [`the robot has contract ${name ?? contractId} (${how}): let it end, or release it`];
}

function outboxObstacles({ journal }: ConsoleFacts, persistence: Persistence): readonly string[] {
  const waiting = journal.lastSeq - journal.ackedSeq;
  if (waiting === 0 || persistence === "persisted") return [];
  return [`${waiting} events that the cloud does not have could not be read back from the disk`];
}
