import { expect, it } from "vitest";
import { draftFor, startCloudFixture, type CloudFixture } from "./cloud-fixture.ts";
import type { DeviceFixture } from "./device-fixture.ts";
import type { DeviceView } from "./views.ts";

/** From the rack at (4, 0) to the station at (-4, 3), as the example contract has them. */
const WAY = Math.hypot(8, 3);
const TIMES = { "go-to-rack": 12, pick: 6, "go-to-station": 20, place: 4 } as const;

it("projects a device that has estimated nothing by what others of its kind have taken from landmark to landmark", async () => {
  await using cloud = await startCloudFixture();
  await workThrough(cloud);
  await cutOffOnItsWay(cloud);
  const early = viewOf(cloud, 5);
  expect(early).toMatchObject({ source: "projected", activeContract: { stageId: "go-to-station", status: "running" } });
  expect(Math.hypot(early.pose!.value[0] - 4, early.pose!.value[1])).toBeCloseTo(WAY / 4, 1);
  expect(early.activeContract!.stageShare).toBeCloseTo(5 / 20, 2);
  expect(Date.parse(early.activeContract!.endsAt!) - cloud.clock.wallMs()).toBeCloseTo(19_000, -2);
  expect(early.activeContract!.endSigmaSeconds).toBeGreaterThan(1);
  await cloud.pass(10);
  const late = viewOf(cloud, 15);
  expect(Math.hypot(late.pose!.value[0] - 4, late.pose!.value[1])).toBeCloseTo((WAY * 3) / 4, 1);
  expect(late.pose!.sigma).toBeGreaterThan(early.pose!.sigma);
  expect(early.battery!.value - late.battery!.value).toBeCloseTo(0.01, 3);
});

it("learns from the journals that are committed when it starts", async () => {
  await using cloud = await startCloudFixture();
  await workThrough(cloud);
  await cutOffOnItsWay(cloud);
  const before = viewOf(cloud, 5);
  await cloud.restart();
  const after = viewOf(cloud, 5);
  expect(after.mode).toBe("projected");
  expect(after.pose!.value[0]).toBeCloseTo(before.pose!.value[0], 6);
  expect(after.activeContract!.endsAt).toBe(before.activeContract!.endsAt);
});

it("leaves a device of which it has learned nothing where it was seen last", async () => {
  await using cloud = await startCloudFixture();
  await cutOffOnItsWay(cloud);
  const view = viewOf(cloud, 5);
  expect(view.pose!.value).toEqual([4, 0, 0]);
  expect(view.activeContract!.endsAt).toBeUndefined();
});

/** Another device does the whole task. */
async function workThrough(cloud: CloudFixture): Promise<void> {
  const device = await assigned(cloud, "amr-01", "task-1");
  for (const stageId of ["go-to-rack", "pick", "go-to-station", "place"] as const) await work(cloud, device, stageId);
  device.write("contract.completed", { durationSeconds: 42, distance: 20, batteryUsed: 0.042 }, about(device));
  await cloud.pass(1);
}

/** Picks the item, begins to drive to the station and is out of reach 5 s later. */
async function cutOffOnItsWay(cloud: CloudFixture): Promise<void> {
  const device = await assigned(cloud, "amr-02", "task-2");
  for (const stageId of ["go-to-rack", "pick"] as const) await work(cloud, device, stageId);
  device.write(
    "stage.started",
    { action: "navigate", pose: [4, 0, 0], battery: 0.8 },
    { ...about(device), stageId: "go-to-station" },
  );
  await cloud.pass(1);
  await device.disconnect("cut");
  await cloud.pass(4);
}

async function assigned(cloud: CloudFixture, deviceId: string, taskId: string): Promise<DeviceFixture> {
  const device = cloud.device(deviceId);
  await device.connect();
  await cloud.pass(6);
  expect(await cloud.during(cloud.cloud.pushContract(draftFor(deviceId, taskId, { name: taskId })))).toMatchObject({
    ok: true,
  });
  device.write("contract.started", {}, about(device));
  return device;
}

async function work(cloud: CloudFixture, device: DeviceFixture, stageId: keyof typeof TIMES): Promise<void> {
  const seconds = TIMES[stageId];
  const stage = { ...about(device), stageId };
  const { action } = device.contracts[0]!.stages.find((each) => each.stageId === stageId)!;
  device.write("stage.started", { action }, stage);
  device.write("stage.attempt", { n: 1, idempotencyKey: stageId }, stage);
  await cloud.pass(seconds);
  const used = { durationSeconds: seconds, attempts: 1, distance: 0, batteryUsed: seconds * 0.001 };
  device.write("stage.completed", { output: {}, ...used }, stage);
}

function about(device: DeviceFixture): { readonly contractId: string } {
  return { contractId: device.contracts[0]!.contractId };
}

function viewOf(cloud: CloudFixture, ageSeconds: number): DeviceView {
  const answer = cloud.cloud.getDevice("amr-02");
  if (!answer.ok) throw answer.problem;
  expect(answer.value.ageSeconds).toBeCloseTo(ageSeconds, 1);
  return answer.value;
}
