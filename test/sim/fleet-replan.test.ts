import { expect, test } from "vitest";
import type { LogEntry } from "#cloud/io/store-rows";
import type { TaskView } from "#cloud/views";
import { violationsOf } from "#sim/checkers";
import { DEVICE, scenario, Trial } from "./support.ts";

/** Long enough to be somewhere else than projected, too short to give the stage up. */
const HELD_UP_MS = 25_000;
const WAITING = ["leg-4", "leg-5", "leg-6"] as const;

test("one of three goes offline: the others are replanned at once, it keeps its task, and its late return plans the fleet once", async () => {
  await using trial = await Trial.start(scenario("three-robots"));
  await trial.until("all are at work", () => contractsOf(trial).length === 3, 30);
  await trial.until("the rest is planned", () => plansOf(trial).length > 0 || trial.clock.nowMs() > 15_000, 10);
  const held = contractsOf(trial).find(({ deviceId }) => deviceId === DEVICE)!;
  const before = plansOf(trial).length;

  trial.site.network.partition(DEVICE);
  trial.site.world.apply({ do: "driver-fault", device: DEVICE, driver: "base", forMs: HELD_UP_MS });
  await trial.until("it is projected", () => trial.mode() === "projected", 30);
  await trial.advance(3);
  const replanned = plansOf(trial).slice(before);
  expect(replanned.map(reasonsOf)).toEqual([["device_projected"]]);
  expect(replanned[0]!.data["moved"]).toContainEqual(expect.objectContaining({ from: DEVICE }));
  for (const taskId of WAITING)
    expect([taskId, (await taskOf(trial, taskId)).expected?.deviceId]).not.toContain(DEVICE);

  // Out of sight it stands, while the projection drives on.
  await trial.advance(12);
  const kept = await trial.value(trial.cloud.getContract(held.contractId!));
  expect(kept).toMatchObject({ value: { status: "running", deviceId: DEVICE, mode: "projected" } });
  trial.site.network.heal(DEVICE);
  await trial.until("it is live", () => trial.mode() === "live", 30);
  await trial.until("all is done", () => !trial.site.hasOpenWork(), 300);
  await trial.advance(5);

  const triggered = trial.site.cloudLog.filter(({ type }) => type === "replan.triggered");
  expect(triggered.map(({ deviceId }) => deviceId)).toEqual([DEVICE]);
  const divergences = plansOf(trial).filter((entry) => reasonsOf(entry).includes("divergence"));
  expect(divergences.map(reasonsOf)).toEqual([["divergence"]]);
  const { contracts } = await trial.evidence();
  expect(contracts.map(({ status, epoch }) => [status, epoch])).toEqual(Array(6).fill(["completed", 1]));
  expect(new Set(contracts.map(({ taskId }) => taskId)).size).toBe(6);
  expect(violationsOf(await trial.evidence())).toEqual([]);
});

/** Contracts that were pushed, oldest first. */
function contractsOf(trial: Trial): LogEntry[] {
  return trial.site.cloudLog.filter(({ type, data }) => type === "contract.status" && data["to"] === "pushed");
}

/** Plans of the whole fleet, oldest first. */
function plansOf(trial: Trial): LogEntry[] {
  return trial.site.cloudLog.filter(({ type }) => type === "plan");
}

function reasonsOf({ data }: LogEntry): unknown[] {
  return (data["because"] as { reason: string }[]).map(({ reason }) => reason);
}

async function taskOf(trial: Trial, taskId: string): Promise<TaskView> {
  const found = await trial.value(trial.cloud.getTask(taskId));
  if (!found.ok) throw found.problem;
  return found.value;
}
