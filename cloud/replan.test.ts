import { describe, expect, it } from "vitest";
import { draftFor, startCloudFixture, type CloudFixture } from "./cloud-fixture.ts";
import type { DeviceFixture } from "./device-fixture.ts";

async function working(): Promise<{ cloud: CloudFixture; device: DeviceFixture; contractId: string }> {
  const cloud = await startCloudFixture();
  const device = cloud.device("amr-07");
  await device.connect();
  await cloud.pass(6);
  await cloud.during(cloud.cloud.pushContract(draftFor("amr-07")));
  return { cloud, device, contractId: device.contracts[0]!.contractId };
}

function requestFrom(device: DeviceFixture, contractId: string, session = device.session): object {
  const delta = { code: "no_route", severity: "moderate", detail: "the aisle is blocked", assumptions: [] };
  const plan = { completed: [], started: [], remaining: ["go-to-rack"] };
  return { v: 1, requestId: "r-1", session, contractId, revision: 1, localRevision: 0, journalSeq: 1, ...plan, delta };
}

describe("a request for new remaining stages", () => {
  it("is recorded, and answered at once that there is no new plan", async () => {
    const { cloud, device, contractId } = await working();
    await using _ = cloud;
    device.say("replan-request", requestFrom(device, contractId));
    await cloud.pass(1);
    expect(device.commands).toMatchObject([
      { type: "replan", contractId, data: { refused: { requestId: "r-1", reason: "unsupported" } } },
    ]);
    const told = cloud.told.filter((entry) => entry.type === "replan.requested");
    expect(told).toMatchObject([{ contractId, data: { requestId: "r-1", delta: { code: "no_route" } } }]);
    const contract = await cloud.cloud.getContract(contractId);
    expect(contract).toMatchObject({ value: { recovery: [{ type: "replan.requested" }] } });
  });

  it("that comes again is answered once", async () => {
    const { cloud, device, contractId } = await working();
    await using _ = cloud;
    device.say("replan-request", requestFrom(device, contractId));
    await cloud.pass(1);
    device.say("replan-request", requestFrom(device, contractId));
    await cloud.pass(1);
    expect(new Set(device.commands.map((command) => command.commandId)).size).toBe(1);
  });

  it("of an older session is not answered", async () => {
    const { cloud, device, contractId } = await working();
    await using _ = cloud;
    device.say("replan-request", requestFrom(device, contractId, "long-gone"));
    await cloud.pass(1);
    expect(device.commands).toEqual([]);
  });

  it("is answered by a cloud that was restarted before its answer arrived", async () => {
    const { cloud, device, contractId } = await working();
    await using _ = cloud;
    device.obeys = false;
    device.say("replan-request", requestFrom(device, contractId));
    await cloud.pass(1);
    await cloud.restart();
    device.obeys = true;
    await cloud.pass(20);
    expect(device.commands.at(-1)).toMatchObject({ data: { refused: { requestId: "r-1" } } });
  });
});
