import { expect, it } from "vitest";
import { draftFor, startCloudFixture } from "./cloud-fixture.ts";

const PARTNER = { partnerId: "p1", warehouseId: "wh-1" };
const POSTED = {
  correlation_id: "019b8ce6-1400-7000-8000-00000000000a",
  warehouse_id: "wh-1",
  work_id: "by-hand",
  status: "ASSIGNED",
  occurred_at: "2026-01-05T08:00:00.000Z",
  actor: { kind: "HUMAN", id: "Ada" },
  document_ref: { type: "SO", id: "4521", line_no: 2 },
};

it("tells the lifecycle of a document's tasks from journals and from what partners have posted", async () => {
  await using cloud = await startCloudFixture();
  const device = cloud.device("amr-07");
  await device.connect();
  await cloud.pass(6);
  const { task } = draftFor("amr-07");
  const draft = draftFor("amr-07", "task-1", {
    task: { ...task, documentRef: { type: "SO", id: "4521", line_no: 1 } },
  });
  const pushed = await cloud.during(cloud.cloud.pushContract(draft));
  const contractId = pushed.ok ? pushed.value.contractId : "";
  device.write("contract.started", {}, { contractId });
  device.write("stage.started", { action: "navigate" }, { contractId, stageId: "go-to-rack" });
  await cloud.cloud.takeFeed("work-status", PARTNER, POSTED);
  await cloud.pass(2);
  const told = await cloud.cloud.getDocument({ type: "SO", id: "4521" });
  expect(told).toMatchObject({
    value: {
      tasks: [
        {
          taskId: "task-1",
          contracts: [{ contractId, status: "running" }],
          lifecycle: [
            { status: "ASSIGNED", by: "amr-07" },
            { status: "IN_PROGRESS", by: "amr-07" },
            { status: "IN_PROGRESS", stage: "go-to-rack" },
          ],
        },
        { taskId: "by-hand", contracts: [], lifecycle: [{ status: "ASSIGNED", by: "p1" }] },
      ],
    },
  });
  expect((await cloud.cloud.listDocuments()).map(({ type, id }) => `${type} ${id}`)).toEqual(["SO 4521"]);
  expect(await cloud.cloud.getDocument({ type: "PO", id: "4521" })).toMatchObject({ problem: { status: 404 } });
});

it("tells when a device could be heard, newest first", async () => {
  await using cloud = await startCloudFixture();
  const device = cloud.device("amr-07");
  await device.connect();
  await cloud.pass(6);
  await device.disconnect("cut");
  await cloud.pass(6);
  const told = await cloud.cloud.connectionsOf("amr-07");
  expect(told).toMatchObject({ value: { items: [{ mode: "projected" }, { mode: "live" }, { mode: "reconciled" }] } });
});
