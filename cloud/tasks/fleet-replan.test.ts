import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { startCloudFixture, type CloudFixture } from "../cloud-fixture.ts";
import { createEquator } from "../core/equator/site-map.ts";
import type { DeviceFixture } from "../device-fixture.ts";
import { readMapFolder } from "../io/map-folder.ts";
import { readTemplates } from "../io/template-folder.ts";
import type { LogEntry } from "../io/store-rows.ts";

const CONFIG = fileURLToPath(new URL("../../config/", import.meta.url));
const PARTS = {
  equator: createEquator(readMapFolder(`${CONFIG}maps`)),
  templates: readTemplates(`${CONFIG}tasks`),
};
const IDS = ["amr-07", "amr-08", "amr-09"] as const;

/** Three robots at work, and three more tasks that are planned for when they are done. */
async function working(): Promise<{ cloud: CloudFixture; devices: Record<string, DeviceFixture> }> {
  const cloud = await startCloudFixture({}, PARTS);
  const devices = Object.fromEntries(IDS.map((id) => [id, cloud.device(id)]));
  for (const device of Object.values(devices)) await device.connect();
  await cloud.pass(6);
  for (const number of [1, 2, 3, 4, 5, 6]) {
    const parameters = { sku: "SKU-1", rack: "rack-b-12", station: "packing-station-2" };
    await cloud.cloud.submitTask({ taskId: `task-${number}`, template: "fetch", parameters });
    await cloud.pass(3);
  }
  for (const device of Object.values(devices)) begin(device);
  await cloud.pass(12);
  return { cloud, devices };
}

function begin(device: DeviceFixture): void {
  const { contractId } = device.contracts[0]!;
  const about = { contractId, stageId: "go-to-rack" };
  device.write("contract.started", {}, { contractId });
  device.write("stage.started", { action: "navigate", pose: [0, -5, 0], battery: 0.9 }, about);
  const seen = { stageId: "go-to-rack", pose: [0, -5, 0] as [number, number, number], battery: 0.9 };
  const route: [number, number][] = [
    [0, -5],
    [0, -55],
  ];
  const times = { speed: 1, stageSecondsRemaining: 50, secondsRemaining: 60, drainPerSecond: 0.0001 };
  device.write("estimate", { ...seen, route, ...times, nextStages: [{ stageId: "pick-item", seconds: 10 }] }, about);
}

/** Plans of the whole fleet, by their reasons. */
function plansOf({ told }: CloudFixture): LogEntry[] {
  return told.filter(({ type }) => type === "plan");
}

function reasonsOf(entry: LogEntry): unknown[] {
  return (entry.data["because"] as { reason: string }[]).map(({ reason }) => reason);
}

async function plannedFor(cloud: CloudFixture): Promise<string[]> {
  const views = await Promise.all(["task-4", "task-5", "task-6"].map((id) => cloud.cloud.getTask(id)));
  return views.map((view) => (view.ok && view.value.expected?.deviceId) || "nobody");
}

it("one of three goes offline: what was planned for it moves to the others at once, what it has stays with it", async () => {
  const { cloud, devices } = await working();
  await using _ = cloud;
  expect((await plannedFor(cloud)).toSorted()).toEqual([...IDS]);
  const held = devices["amr-07"]!.contracts[0]!.contractId;
  await devices["amr-07"]!.disconnect("cut");
  await cloud.pass(3);
  expect(await plannedFor(cloud)).not.toContain("amr-07");
  expect(await plannedFor(cloud)).not.toContain("nobody");
  const plans = plansOf(cloud);
  expect(plans.map(reasonsOf)).toEqual([["device_projected"]]);
  expect(plans[0]!.data["moved"]).toContainEqual(expect.objectContaining({ from: "amr-07" }));
  await cloud.pass(60);
  expect(await cloud.cloud.getContract(held)).toMatchObject({ value: { status: "running", deviceId: "amr-07" } });
  expect(IDS.map((id) => devices[id]!.contracts.length)).toEqual([1, 1, 1]);
});

it("its return with a material divergence plans the fleet anew exactly once", async () => {
  const { cloud, devices } = await working();
  await using _ = cloud;
  await devices["amr-07"]!.disconnect("cut");
  await cloud.pass(20);
  await back(devices["amr-07"]!);
  await cloud.pass(30);
  const triggered = cloud.told.filter(({ type }) => type === "replan.triggered");
  expect(triggered).toHaveLength(1);
  expect(plansOf(cloud).map(reasonsOf)).toEqual([["device_projected"], ["divergence"]]);
  expect(await plannedFor(cloud)).toContain("amr-07");
});

it("a burst of returns plans the fleet anew once", async () => {
  const { cloud, devices } = await working();
  await using _ = cloud;
  for (const id of IDS) await devices[id]!.disconnect("cut");
  await cloud.pass(20);
  for (const id of IDS) await back(devices[id]!);
  await cloud.pass(30);
  expect(cloud.told.filter(({ type }) => type === "replan.triggered")).toHaveLength(3);
  const after = plansOf(cloud).filter((entry) => reasonsOf(entry).includes("divergence"));
  expect(after.map(reasonsOf)).toEqual([["divergence", "divergence", "divergence"]]);
});

/** Held up out of sight: it is still where it was. */
async function back(device: DeviceFixture): Promise<void> {
  const { contractId } = device.contracts[0]!;
  const data = { share: 0.02, remaining: 49, pose: [0, -6, 0] as [number, number, number], battery: 0.9 };
  device.write("stage.progress", data, { contractId, stageId: "go-to-rack" });
  await device.connect();
}
