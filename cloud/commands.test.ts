import { describe, expect, it } from "vitest";
import { draftFor, startCloudFixture, type CloudFixture } from "./cloud-fixture.ts";
import type { DeviceFixture } from "./device-fixture.ts";

async function accepted(): Promise<{ cloud: CloudFixture; device: DeviceFixture; contractId: string }> {
  const cloud = await startCloudFixture();
  const device = cloud.device("amr-07");
  await device.connect();
  await cloud.pass(6);
  await cloud.during(cloud.cloud.pushContract(draftFor("amr-07")));
  return { cloud, device, contractId: device.contracts[0]!.contractId };
}

async function statusOf(cloud: CloudFixture): Promise<string | undefined> {
  return (await cloud.store.contract("example"))?.status;
}

describe("a command", () => {
  it("goes to a live device at once, numbered upwards from the wall clock", async () => {
    const { cloud, device } = await accepted();
    await using _ = cloud;
    const wallMs = cloud.clock.wallMs();
    await cloud.cloud.command("example", "hold");
    await cloud.cloud.command("example", "resume");
    await cloud.pass(1);
    const [hold, resume] = device.commands;
    expect(hold).toMatchObject({ type: "hold", session: device.session, holdId: "cloud" });
    expect(hold!.n).toBeGreaterThanOrEqual(wallMs);
    expect(resume!.n).toBeGreaterThan(hold!.n);
    expect(await statusOf(cloud)).toBe("accepted");
  });

  it("for a device that cannot be heard is kept, and sent in order and in its new session", async () => {
    const { cloud, device } = await accepted();
    await using _ = cloud;
    await device.disconnect("cut");
    await cloud.pass(1);
    expect(await cloud.cloud.command("example", "hold")).toMatchObject({ value: { delivery: "kept" } });
    await cloud.cloud.command("example", "resume");
    await cloud.cloud.command("example", "cancel");
    expect(device.commands).toEqual([]);
    await cloud.pass(60);
    await device.connect();
    await cloud.pass(1);
    expect(device.commands.map((command) => command.type)).toEqual(["hold", "resume", "cancel"]);
    expect(new Set(device.commands.map((command) => command.session))).toEqual(new Set([device.session]));
    expect(await statusOf(cloud)).toBe("cancelled");
  });

  it("is sent again until it is answered, under the same number", async () => {
    const { cloud, device } = await accepted();
    await using _ = cloud;
    device.obeys = false;
    await cloud.cloud.command("example", "hold");
    await cloud.pass(16);
    expect(device.commands.length).toBeGreaterThan(2);
    expect(new Set(device.commands.map((command) => command.n)).size).toBe(1);
    device.obeys = true;
    await cloud.pass(6);
    const sent = device.commands.length;
    await cloud.pass(20);
    expect(device.commands.length).toBe(sent);
    expect(await statusOf(cloud)).toBe("held");
  });

  it("survives a restart of the cloud, and a cloud that lost its clock counts on", async () => {
    const { cloud, device } = await accepted();
    await using _ = cloud;
    await device.disconnect("cut");
    await cloud.pass(1);
    await cloud.cloud.command("example", "hold");
    await cloud.restart();
    cloud.clock.stepWall(-3_600_000);
    await cloud.cloud.command("example", "cancel");
    await device.connect();
    await cloud.pass(6);
    const [hold, cancel] = device.commands;
    expect([hold!.type, cancel!.type]).toEqual(["hold", "cancel"]);
    expect(cancel!.n).toBe(hold!.n + 1);
    expect(await statusOf(cloud)).toBe("cancelled");
  });

  it("is refused for a contract that has ended", async () => {
    const { cloud } = await accepted();
    await using _ = cloud;
    await cloud.cloud.command("example", "cancel");
    await cloud.pass(1);
    expect(await cloud.cloud.command("example", "hold")).toMatchObject({ ok: false, problem: { status: 409 } });
  });
});
