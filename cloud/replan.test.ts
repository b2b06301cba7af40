import { describe, expect, it } from "vitest";
import { draftFor, startCloudFixture, type CloudFixture } from "./cloud-fixture.ts";
import type { DeviceFixture } from "./device-fixture.ts";

const { spatial } = draftFor("amr-07");
/** With a second station, three metres from the first. */
const SPATIAL = {
  ...spatial,
  landmarks: [
    ...spatial.landmarks,
    { id: "station-2", kind: "station", pose: [-4, 6, 1.5] as [number, number, number] },
  ],
};

async function working(): Promise<{ cloud: CloudFixture; device: DeviceFixture; contractId: string }> {
  const cloud = await startCloudFixture();
  const device = cloud.device("amr-07");
  await device.connect();
  await cloud.pass(6);
  await cloud.during(cloud.cloud.pushContract(draftFor("amr-07", "task-1", { spatial: SPATIAL })));
  return { cloud, device, contractId: device.contracts[0]!.contractId };
}

function requestFrom(device: DeviceFixture, contractId: string, changes: object = {}): object {
  const delta = { code: "no_route", severity: "moderate", detail: "the aisle is blocked", assumptions: [] };
  const plan = { completed: [], started: [], remaining: ["go-to-rack", "pick", "go-to-station", "place"] };
  const { session } = device;
  const state = { session, contractId, revision: 1, localRevision: 0, journalSeq: device.state().seq };
  return { v: 1, requestId: "r-1", ...state, ...plan, delta, ...changes };
}

/** What is left when the item is on board. */
const TO_THE_STATION = { remaining: ["go-to-station", "place"], completed: [] };

describe("a request for new remaining stages", () => {
  it("is recorded, and refused with its reason within 5 s where nothing would help", async () => {
    const { cloud, device, contractId } = await working();
    await using _ = cloud;
    device.say("replan-request", requestFrom(device, contractId));
    await cloud.pass(1);
    expect(device.commands).toMatchObject([
      { type: "replan", contractId, data: { refused: { requestId: "r-1", reason: "no_revision" } } },
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
    device.say("replan-request", requestFrom(device, contractId, { session: "long-gone" }));
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

  it("is answered by a revision of what remains: another station, and the goods are set down there", async () => {
    const { cloud, device, contractId } = await working();
    await using _ = cloud;
    device.say("replan-request", requestFrom(device, contractId, TO_THE_STATION));
    await cloud.pass(4);
    const revised = device.contracts.at(-1)!;
    expect(revised).toMatchObject({ contractId, revision: 2, epoch: 1, session: device.session });
    expect(revised.replaces).toEqual({ revision: 1, localRevision: 0, journalSeq: 1 });
    expect(revised.stages.map(({ inputs }) => inputs["to"])).toEqual(["rack", undefined, "station-2", "station-2"]);
    expect(await cloud.cloud.getContract(contractId)).toMatchObject({
      value: { revision: 2, status: "accepted", contract: { revision: 2 } },
    });
  });

  it("that comes again is answered by the same revision, also after a restart and in another session", async () => {
    const { cloud, device, contractId } = await working();
    await using _ = cloud;
    device.temper = "stays-silent";
    device.say("replan-request", requestFrom(device, contractId, TO_THE_STATION));
    await cloud.pass(1);
    await cloud.restart();
    await device.connect();
    await cloud.pass(6);
    device.say("replan-request", requestFrom(device, contractId, TO_THE_STATION));
    await cloud.pass(2);
    const [, first, again] = device.contracts;
    expect(device.contracts).toHaveLength(3);
    expect(again).toEqual({ ...first, session: device.session });
  });

  it.each([
    ["another revision", { revision: 2 }],
    ["a plan that the journal does not know", { localRevision: 1 }],
    ["events that never come", { journalSeq: 99 }],
  ])("that speaks of %s is refused as stale within 5 s", async (_what, changes) => {
    const { cloud, device, contractId } = await working();
    await using _ = cloud;
    device.say("replan-request", requestFrom(device, contractId, { ...TO_THE_STATION, ...changes }));
    await cloud.pass(4.9);
    expect(device.contracts).toHaveLength(1);
    expect(device.commands).toMatchObject([{ data: { refused: { requestId: "r-1", reason: "stale" } } }]);
  });
});
