import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readMapFolder } from "../io/map-folder.ts";
import { readTemplates } from "../io/template-folder.ts";
import { startCloudFixture, type CloudFixture } from "../cloud-fixture.ts";
import { createEquator } from "../core/equator/site-map.ts";
import type { DeviceFixture } from "../device-fixture.ts";

const CONFIG = fileURLToPath(new URL("../../config/", import.meta.url));
const PARTS = {
  equator: createEquator(readMapFolder(`${CONFIG}maps`)),
  templates: readTemplates(`${CONFIG}tasks`),
};
const FETCH = {
  taskId: "fetch-1",
  template: "fetch",
  parameters: { sku: "SKU-1", rack: "rack-b-12", station: "packing-station-2" },
};

/** The cloud's clock starts at 2026-01-05T08:00Z. */
function start(): Promise<CloudFixture> {
  return startCloudFixture({ timeZone: "Europe/Berlin" }, PARTS);
}

async function connected(cloud: CloudFixture, deviceId = "amr-07"): Promise<DeviceFixture> {
  const device = cloud.device(deviceId);
  await device.connect();
  await cloud.pass(6);
  return device;
}

async function statusOf(cloud: CloudFixture, taskId: string): Promise<string> {
  const found = await cloud.cloud.getTask(taskId);
  return found.ok ? found.value.status : found.problem.type;
}

describe("a task that is asked for by its kind", () => {
  it("becomes a contract with the excerpt that it needs, as soon as a device is there", async () => {
    await using cloud = await start();
    expect(await cloud.cloud.submitTask(FETCH)).toMatchObject({
      ok: true,
      value: { status: "waiting", contracts: [] },
    });
    await cloud.pass(20);
    expect(await statusOf(cloud, "fetch-1")).toBe("waiting");
    const device = await connected(cloud);
    await cloud.pass(5);
    const [contract] = device.contracts;
    expect(contract).toMatchObject({
      taskId: "fetch-1",
      task: { kind: "pick", title: "Bring 1 SKU-1 from rack-b-12 to packing-station-2" },
      spatial: { mapId: "warehouse" },
    });
    expect(contract!.stages.map(({ inputs }) => inputs)).toEqual([
      { to: "rack-b-12", tolerance: 0.15 },
      { sku: "SKU-1", quantity: 1, from: "rack-b-12.shelf-3" },
      { to: "packing-station-2", tolerance: 0.15 },
      { to: "packing-station-2.conveyor" },
    ]);
    expect(contract!.spatial.landmarks.map(({ id }) => id)).toContain("rack-b-12");
    expect(await statusOf(cloud, "fetch-1")).toBe("accepted");
  });

  it("survives a restart of the cloud, and is given once", async () => {
    await using cloud = await start();
    await cloud.cloud.submitTask(FETCH);
    await cloud.restart();
    const device = await connected(cloud);
    await cloud.pass(30);
    expect(device.contracts).toHaveLength(1);
    await cloud.restart();
    await device.connect();
    await cloud.pass(30);
    expect(device.contracts).toHaveLength(1);
  });

  it("goes to another device when the first refuses it", async () => {
    await using cloud = await start();
    const first = await connected(cloud);
    first.temper = "refuses";
    await cloud.cloud.submitTask(FETCH);
    await cloud.pass(15);
    expect(first.contracts).toHaveLength(1);
    const second = await connected(cloud, "amr-08");
    await cloud.pass(15);
    expect([first.contracts.length, second.contracts.length]).toEqual([1, 1]);
    expect(await statusOf(cloud, "fetch-1")).toBe("accepted");
  });

  it("waits for its window, and its times of day are moments in the contract", async () => {
    await using cloud = await start();
    const device = await connected(cloud);
    const window = { after: "9:05 AM", before: "6 AM" };
    await cloud.cloud.submitTask({ ...FETCH, window });
    await cloud.pass(4 * 60);
    expect(device.contracts).toEqual([]);
    await cloud.pass(90);
    // Berlin is an hour ahead in winter.
    expect(device.contracts.map(({ constraints }) => constraints.window)).toEqual([
      { notBefore: "2026-01-05T08:05:00.000Z", notAfter: "2026-01-06T05:00:00.000Z" },
    ]);
  });

  it("is before a person when its time passes and nobody could take it", async () => {
    await using cloud = await start();
    await cloud.cloud.submitTask({ ...FETCH, window: { before: "9:05" } });
    await cloud.pass(360);
    expect(await statusOf(cloud, "fetch-1")).toBe("expired");
    const { rows } = await cloud.cloud.listExceptions({ limit: 9 });
    expect(rows.map(({ code }) => code)).toEqual(["window_passed"]);
  });

  it("is one task under one idempotency key, also where it names no id; the key of another order is refused", async () => {
    await using cloud = await start();
    const { taskId: _named, ...order } = FETCH;
    const key = { idempotencyKey: "k1" };
    const first = await cloud.cloud.submitTask(order, key);
    await cloud.restart();
    expect(await cloud.cloud.submitTask(order, key)).toEqual(first);
    const other = { ...order, parameters: { ...order.parameters, sku: "SKU-2" } };
    expect(await cloud.cloud.submitTask(other, key)).toMatchObject({
      problem: { status: 422, detail: expect.stringContaining("another body") as string },
    });
    const unkeyed = await cloud.cloud.submitTask(order);
    expect(unkeyed.ok && first.ok && unkeyed.value.taskId !== first.value.taskId).toBe(true);
  });

  it("can be taken back until a device has it", async () => {
    await using cloud = await start();
    await cloud.cloud.submitTask(FETCH);
    expect(await cloud.cloud.cancelTask("fetch-1")).toMatchObject({ value: { status: "cancelled" } });
    const device = await connected(cloud);
    await cloud.pass(15);
    expect(device.contracts).toEqual([]);
    expect(await cloud.cloud.cancelTask("fetch-1")).toMatchObject({ problem: { status: 409 } });
    expect(await cloud.cloud.submitTask(FETCH)).toMatchObject({ problem: { status: 409 } });
  });

  it.each([
    ["/template", { ...FETCH, template: "fly" }],
    ["/parameters/sku", { ...FETCH, parameters: { ...FETCH.parameters, sku: 7 } }],
    ["/parameters/colour", { ...FETCH, parameters: { ...FETCH.parameters, colour: "red" } }],
    ["/stages/0/inputs/to", { ...FETCH, parameters: { ...FETCH.parameters, rack: "rack-z" } }],
    ["/spatial/mapId", { ...FETCH, mapId: "moon" }],
    ["/window/before", { ...FETCH, window: { before: "early" } }],
    ["/schedule/cron", { ...FETCH, schedule: { cron: "at ten" } }],
  ])("is refused with the place of what is wrong: %s", async (path, order) => {
    await using cloud = await start();
    expect(await cloud.cloud.submitTask(order)).toMatchObject({ problem: { status: 422, errors: [{ path }] } });
  });
});

describe("more tasks than devices", () => {
  it("are planned one after the other, and the plan says when and by whom", async () => {
    await using cloud = await start();
    const device = await connected(cloud);
    const pose: [number, number, number] = [-5.5, -1, 0];
    await cloud.cloud.submitTask(FETCH);
    await cloud.pass(3);
    const { contractId } = device.contracts[0]!;
    device.write("contract.started", {}, { contractId });
    const next = [{ stageId: "pick-item", seconds: 10 }];
    const estimate = { pose, battery: 0.9, route: [], speed: 1, stageSecondsRemaining: 50, secondsRemaining: 60 };
    const data = { ...estimate, stageId: "go-to-rack", nextStages: next, drainPerSecond: 0.0001 };
    device.write("estimate", data, { contractId, stageId: "go-to-rack" });
    await cloud.cloud.submitTask({ ...FETCH, taskId: "fetch-2", window: { before: "6 AM" } });
    await cloud.pass(5);
    const view = await cloud.cloud.getTask("fetch-2");
    expect(view).toMatchObject({ value: { status: "planned", expected: { deviceId: "amr-07" } } });
    const { startsAt, endsAt, confidence } = view.ok ? view.value.expected! : {};
    expect(Date.parse(startsAt!) - cloud.clock.wallMs()).toBeGreaterThan(50_000);
    expect(Date.parse(endsAt!)).toBeGreaterThan(Date.parse(startsAt!));
    expect(confidence).toBeGreaterThan(0.99);
  });
});

describe("a recurring task", () => {
  it("makes a task of its own each time, in the site's time zone, also over a restart", async () => {
    await using cloud = await start();
    await cloud.cloud.submitTask({ ...FETCH, taskId: "round", schedule: { cron: "10 9 * * *" } });
    expect(await cloud.cloud.getTask("round")).toMatchObject({
      value: { status: "recurring", nextAt: "2026-01-05T08:10:00.000Z" },
    });
    await cloud.pass(300);
    await cloud.restart();
    await cloud.pass(400);
    expect(await statusOf(cloud, "round.20260105T0810")).toBe("waiting");
    expect(await cloud.cloud.getTask("round")).toMatchObject({ value: { nextAt: "2026-01-06T08:10:00.000Z" } });
  });
});
