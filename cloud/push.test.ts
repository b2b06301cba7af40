import { describe, expect, it } from "vitest";
import { DEFAULT_LEASE } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { draftFor, startCloudFixture, type CloudFixture } from "./cloud-fixture.ts";
import type { DeviceFixture } from "./device-fixture.ts";
import type { Answer } from "./problem.ts";

async function withDevice(deviceId = "amr-07"): Promise<{ fixture: CloudFixture; device: DeviceFixture }> {
  const fixture = await startCloudFixture();
  const device = fixture.device(deviceId);
  await device.connect();
  await fixture.pass(6);
  return { fixture, device };
}

/** The reason word of a problem, `ok` for success. */
function wordOf(answer: Answer<unknown>): string {
  return answer.ok ? "ok" : answer.problem.type.replace("urn:holdfast:problem:", "");
}

async function statusOf(cloud: CloudFixture, key = "example"): Promise<string | undefined> {
  return (await cloud.store.contract(key))?.status;
}

describe("pushing a contract", () => {
  it("answers created once the device has stored it, with everything filled in and signed", async () => {
    const { fixture, device } = await withDevice();
    await using cloud = fixture;
    const answer = await cloud.during(cloud.cloud.pushContract(draftFor("amr-07")));
    const [contract] = device.contracts;
    expect(contract).toMatchObject({
      session: device.session,
      epoch: 1,
      revision: 1,
      lease: { durationSeconds: 1800, windDownSeconds: 60 },
    });
    expect(answer).toEqual({ ok: true, value: { contractId: contract!.contractId, status: "accepted", epoch: 1 } });
    const view = await cloud.cloud.getContract("example");
    expect(view).toMatchObject({ ok: true, value: { status: "accepted", deviceId: "amr-07" } });
  });

  it("takes the journal for an answer when the reply is lost", async () => {
    const { fixture, device } = await withDevice();
    await using cloud = fixture;
    device.temper = "stores-without-reply";
    expect(wordOf(await cloud.during(cloud.cloud.pushContract(draftFor("amr-07"))))).toBe("ok");
  });

  it("lists everything that is wrong with an invalid one and sends nothing", async () => {
    const { fixture, device } = await withDevice();
    await using cloud = fixture;
    const broken = { ...draftFor("amr-07"), colour: "red", taskId: "no spaces please" };
    const answer = await cloud.cloud.pushContract(broken);
    expect(answer).toMatchObject({ ok: false, problem: { status: 422, type: "urn:holdfast:problem:unsupported" } });
    expect(answer.ok ? [] : answer.problem.errors!.map((error) => error.path)).toEqual(
      expect.arrayContaining(["/colour", "/taskId"]),
    );
    expect(device.contracts).toEqual([]);
  });

  it("refuses a device that was never heard", async () => {
    await using cloud = await startCloudFixture();
    const answer = await cloud.cloud.pushContract(draftFor("nobody"));
    expect(answer).toMatchObject({ ok: false, problem: { status: 404 } });
  });

  it("refuses a device that is not live, and says when it was heard", async () => {
    const { fixture, device } = await withDevice();
    await using cloud = fixture;
    await device.disconnect("cut");
    await cloud.pass(1);
    const answer = await cloud.cloud.pushContract(draftFor("amr-07"));
    expect(answer).toMatchObject({
      ok: false,
      problem: { status: 409, mode: "projected", lastHeardAt: "2026-01-05T08:00:06.001Z" },
    });
  });

  it("refuses a second contract for a device that has one", async () => {
    const { fixture } = await withDevice();
    await using cloud = fixture;
    await cloud.during(cloud.cloud.pushContract(draftFor("amr-07", "task-1")));
    expect(wordOf(await cloud.cloud.pushContract(draftFor("amr-07", "task-2")))).toBe("device_busy");
  });

  it("gives a task to one of two devices when both are asked at once", async () => {
    const { fixture } = await withDevice("amr-07");
    await using cloud = fixture;
    const other = cloud.device("amr-08");
    await other.connect();
    await cloud.pass(6);
    const both = Promise.all(["amr-07", "amr-08"].map((id) => cloud.cloud.pushContract(draftFor(id, "order-4521"))));
    expect((await cloud.during(both)).map(wordOf).sort()).toEqual(["ok", "task_busy"]);
    expect((await cloud.cloud.listContracts({ limit: 10 })).rows).toHaveLength(1);
  });

  it("passes the device's reason and problems on, and frees device and task", async () => {
    const { fixture, device } = await withDevice();
    await using cloud = fixture;
    device.temper = "refuses";
    const answer = await cloud.during(cloud.cloud.pushContract(draftFor("amr-07")));
    expect(answer).toMatchObject({
      ok: false,
      problem: {
        status: 422,
        type: "urn:holdfast:problem:infeasible",
        errors: [{ path: "/stages/0", message: "no way to the rack" }],
      },
    });
    device.temper = "stores";
    expect(await cloud.during(cloud.cloud.pushContract(draftFor("amr-07")))).toMatchObject({
      ok: true,
      value: { epoch: 2 },
    });
  });

  it("lets the device judge a session or epoch that was given on purpose", async () => {
    const { fixture } = await withDevice();
    await using cloud = fixture;
    const draft = draftFor("amr-07", "task-1", { session: "of-yesterday", epoch: 1 });
    expect(wordOf(await cloud.during(cloud.cloud.pushContract(draft)))).toBe("stale_session");
    expect(wordOf(await cloud.during(cloud.cloud.pushContract({ ...draft, session: undefined })))).toBe("ok");
  });

  it("answers a repeated request from the first, and refuses its key for another body", async () => {
    const { fixture, device } = await withDevice();
    await using cloud = fixture;
    const options = { idempotencyKey: "order-4521" };
    const push = (title = "t"): Promise<Answer<unknown>> => {
      const draft = draftFor("amr-07", "task-1", { task: { kind: "pick", title } });
      return cloud.cloud.pushContract(draft, options);
    };
    const [first, second] = await cloud.during(Promise.all([push(), push()]));
    expect(first).toEqual(second);
    expect(await push()).toEqual(first);
    expect(wordOf(await push("other"))).toBe("key_reused");
    expect(device.contracts).toHaveLength(1);
  });

  it("says that the broker is gone rather than that the device is", async () => {
    const { fixture } = await withDevice();
    await using cloud = fixture;
    cloud.broker.restart();
    expect(await cloud.cloud.pushContract(draftFor("amr-07"))).toMatchObject({ ok: false, problem: { status: 503 } });
  });
});

describe("a contract that nobody answered", () => {
  async function unanswered(): Promise<{ cloud: CloudFixture; device: DeviceFixture }> {
    const { fixture, device } = await withDevice();
    device.temper = "stays-silent";
    device.obeys = false;
    const answer = await fixture.during(fixture.cloud.pushContract(draftFor("amr-07")));
    expect(answer).toMatchObject({ ok: false, problem: { status: 504, contractStatus: "unconfirmed" } });
    return { cloud: fixture, device };
  }

  it("keeps device and task locked, and is revoked in its own session", async () => {
    const { cloud, device } = await unanswered();
    await using _ = cloud;
    const other = cloud.device("amr-08");
    await other.connect();
    await cloud.pass(6);
    expect(wordOf(await cloud.cloud.pushContract(draftFor("amr-08", "task-1")))).toBe("task_busy");
    expect(device.commands.map((command) => command.type)).toContain("revoke");
    expect(await statusOf(cloud)).toBe("unconfirmed");
  });

  it("expires when the device answers the revoke and has no trace of it", async () => {
    const { cloud, device } = await unanswered();
    await using _ = cloud;
    device.obeys = true;
    await cloud.pass(12);
    expect(await statusOf(cloud)).toBe("expired");
    device.temper = "stores";
    expect(wordOf(await cloud.during(cloud.cloud.pushContract(draftFor("amr-07"))))).toBe("ok");
  });

  it("expires in a later session whose journal does not have it", async () => {
    const { cloud, device } = await unanswered();
    await using _ = cloud;
    await device.disconnect("cut");
    await cloud.pass(30);
    expect(await statusOf(cloud)).toBe("unconfirmed");
    await device.connect();
    await cloud.pass(6);
    expect(await statusOf(cloud)).toBe("expired");
    expect(cloud.told.filter((entry) => entry.type === "command").at(-1)?.data).toMatchObject({ result: "withdrawn" });
  });

  it("is accepted in a later session whose journal has it, and the revoke is withdrawn", async () => {
    const { fixture: cloud, device } = await withDevice();
    await using _ = cloud;
    device.temper = "stores-without-reply";
    const heal = cloud.broker.swallow("hf/v1/default/amr-07/journal");
    device.obeys = false;
    const pushed = await cloud.during(cloud.cloud.pushContract(draftFor("amr-07")));
    expect(wordOf(pushed)).toBe("unconfirmed");
    await device.disconnect("cut");
    await cloud.pass(1);
    const { contractId } = device.contracts[0]!;
    device.obeys = true;
    heal();
    await device.connect();
    await cloud.pass(6);
    expect(await statusOf(cloud, contractId)).toBe("accepted");
    expect(device.state().contracts[contractId]?.status).toBe("accepted");
  });

  it("is decided after a restart of the cloud in the middle of the push", async () => {
    const { fixture: cloud, device } = await withDevice();
    await using _ = cloud;
    device.temper = "stays-silent";
    const waiting = cloud.cloud.pushContract(draftFor("amr-07"));
    await cloud.pass(1);
    expect(await statusOf(cloud)).toBe("pushed");
    device.temper = "stores";
    await cloud.restart();
    expect(wordOf(await waiting)).toBe("unconfirmed");
    await cloud.pass(20);
    expect(await statusOf(cloud)).toBe("expired");
    expect(device.commands.filter((command) => command.type === "revoke").length).toBeGreaterThan(0);
  });

  it("is decided as well after a crash that left it pushed", async () => {
    const { cloud, device } = await unanswered();
    await using _ = cloud;
    const { contractId } = device.contracts[0]!;
    const at = "2026-01-05T08:00:00.000Z";
    await cloud.store.commit([{ op: "set-status", contractId, from: ["unconfirmed"], to: "pushed", at }]);
    device.obeys = true;
    await cloud.restart();
    await cloud.pass(20);
    expect(await statusOf(cloud)).toBe("expired");
  });

  it("but was taken and then revoked stays with the cloud: nobody else is given the task", async () => {
    const { fixture: cloud, device } = await withDevice();
    await using _ = cloud;
    device.temper = "stores-without-reply";
    const heal = cloud.broker.swallow("hf/v1/default/amr-07/journal");
    expect(wordOf(await cloud.during(cloud.cloud.pushContract(draftFor("amr-07"))))).toBe("unconfirmed");
    await cloud.pass(2);
    heal();
    device.send();
    await cloud.pass(1);
    expect(await statusOf(cloud)).toBe("released");
    await cloud.restart();
    const other = cloud.device("amr-08");
    await other.connect();
    await cloud.pass(10);
    expect(other.contracts).toEqual([]);
    expect(await cloud.cloud.getContract("example")).toMatchObject({
      value: { recovery: [{ data: { code: "revoked" } }] },
    });
  });

  it("gets no lease renewed while its revoke is not answered", async () => {
    const { cloud, device } = await unanswered();
    await using _ = cloud;
    device.temper = "stores-without-reply";
    cloud.broker.route(cloud.broker.published.findLast((message) => message.topic.endsWith("/contract"))!);
    await cloud.pass(6);
    expect(await statusOf(cloud)).toBe("accepted");
    expect(device.acks.at(-1)!.leases).toEqual([]);
  });

  it("is revoked again should the device take it late, and told as an exception", async () => {
    const { cloud, device } = await unanswered();
    await using _ = cloud;
    device.obeys = true;
    await cloud.pass(12);
    expect(await statusOf(cloud)).toBe("expired");
    const late = cloud.broker.published.findLast((message) => message.topic.endsWith("/contract"))!;
    device.temper = "stores";
    cloud.broker.route(late);
    await cloud.pass(10);
    const { contractId } = device.contracts.at(-1)!;
    expect(device.state().contracts[contractId]?.status).toBe("released");
    expect((await cloud.cloud.listExceptions({ limit: 10 })).rows.map((row) => row.code)).toEqual(["late_acceptance"]);
    expect(await statusOf(cloud)).toBe("expired");
  });
});

it("a task that a journal tells of and the database does not know is given to nobody, and to nobody with an old epoch", async () => {
  const cloud = await startCloudFixture();
  await using _ = cloud;
  const [holder, other] = [cloud.device("amr-07"), cloud.device("amr-08")];
  for (const device of [holder, other]) await device.connect();
  await cloud.pass(6);
  const strange = { contractId: "019b8ce6-1400-7000-8000-0000000000ff", revision: 1, epoch: 7 };
  const { failurePolicy, stages } = exampleContract();
  const accepted = {
    taskId: "task-1",
    stages,
    lease: DEFAULT_LEASE,
    session: "s",
    hash: "",
    offline: failurePolicy.offline,
  };
  holder.write("contract.accepted", accepted, strange);
  await cloud.pass(1);
  const refused = await cloud.during(cloud.cloud.pushContract(draftFor("amr-08")));
  expect(refused).toMatchObject({ ok: false, problem: { status: 409, contractId: strange.contractId } });
  holder.write("contract.aborted", { reason: "r" }, strange);
  await cloud.pass(1);
  expect(await cloud.during(cloud.cloud.pushContract(draftFor("amr-08")))).toMatchObject({ value: { epoch: 8 } });
});
