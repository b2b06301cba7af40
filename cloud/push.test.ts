import { describe, expect, it } from "vitest";
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

function problemOf(answer: Answer<unknown>): { word: string; status: number; [member: string]: unknown } {
  if (answer.ok) return { word: "none", status: 201 };
  const { type, ...problem } = answer.problem;
  return { word: type.replace("urn:holdfast:problem:", ""), ...problem };
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
    expect(answer).toEqual({
      ok: true,
      value: { contractId: contract!.contractId, status: "accepted", epoch: 1 },
    });
    const view = await cloud.cloud.getContract("example");
    expect(view).toMatchObject({ ok: true, value: { status: "accepted", deviceId: "amr-07" } });
  });
});
void problemOf;
