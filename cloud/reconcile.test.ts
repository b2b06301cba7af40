import { describe, expect, it } from "vitest";
import type { DivergenceItem, DivergenceReport } from "./core/divergence.ts";
import type { Policy } from "./core/policy/policy.ts";
import { loadPolicy } from "./io/policy-file.ts";
import { WIRE_VERSION } from "#contract/messages";
import { draftFor, startCloudFixture, type CloudFixture } from "./cloud-fixture.ts";
import type { DeviceFixture } from "./device-fixture.ts";
import type { DeviceView } from "./views.ts";

/** A device on its way from (0, 0) to (20, 0) at 1 m/s, seen 1 s ago. */
async function underWay(
  draft = draftFor("amr-07"),
  presets: readonly Policy[] = [],
): Promise<{ cloud: CloudFixture; device: DeviceFixture; contractId: string }> {
  const cloud = await startCloudFixture({}, { presets });
  const device = cloud.device("amr-07");
  await device.connect();
  await cloud.pass(6);
  await cloud.during(cloud.cloud.pushContract(draft));
  const { contractId } = device.contracts[0]!;
  const about = { contractId, stageId: "go-to-rack" };
  device.write("contract.started", {}, { contractId });
  device.write("stage.started", { action: "navigate", pose: [0, 0, 0], battery: 0.9 }, about);
  device.write(
    "estimate",
    {
      stageId: "go-to-rack",
      pose: [0, 0, 0],
      battery: 0.9,
      route: [
        [0, 0],
        [20, 0],
      ],
      speed: 1,
      stageSecondsRemaining: 20,
      secondsRemaining: 25,
      nextStages: [{ stageId: "pick", seconds: 5 }],
      drainPerSecond: 0.001,
    },
    about,
  );
  await cloud.pass(1);
  return { cloud, device, contractId };
}

function progress(device: DeviceFixture, contractId: string, x: number): void {
  const data = { share: x / 20, remaining: 20 - x, pose: [x, 0, 0] as [number, number, number], battery: 0.89 };
  device.write("stage.progress", data, { contractId, stageId: "go-to-rack" });
}

/** Telemetry of where the device is, which overtakes the journal. */
function sayPose(cloud: CloudFixture, device: DeviceFixture, x: number, atMs = cloud.clock.wallMs()): void {
  const values = { x: [x], y: [0], yaw: [0] };
  const t0 = new Date(atMs).toISOString();
  const batch = { channel: "pose", t0, clock: "synced", t0Mono: 0, bootId: "b", dt: [0], values };
  const about = { v: WIRE_VERSION, deviceId: device.deviceId, lane: "motion", store: "s", blockSeq: 1 };
  device.say("telemetry", { ...about, batches: [batch] });
}

function viewOf(cloud: CloudFixture): DeviceView {
  const answer = cloud.cloud.getDevice("amr-07");
  if (!answer.ok) throw new TypeError("the device is not known");
  return answer.value;
}

async function reportsOf(cloud: CloudFixture): Promise<readonly (DivergenceReport & { trigger: string })[]> {
  const answer = await cloud.cloud.getContract("example");
  return answer.ok ? answer.value.reconciliations : [];
}

function itemOf(report: DivergenceReport, kind: DivergenceItem["kind"]): DivergenceItem {
  return report.items.find((item) => item.kind === kind)!;
}

describe("an outage", () => {
  it("is projected along the planned way, moving on and growing less certain", async () => {
    const { cloud, device } = await underWay();
    await using _ = cloud;
    await device.disconnect("cut");
    await cloud.pass(3);
    const early = viewOf(cloud);
    await cloud.pass(6);
    const late = viewOf(cloud);
    expect(early).toMatchObject({ mode: "projected", source: "projected", activeContract: { stageId: "go-to-rack" } });
    expect(early.pose!.value[0]).toBeCloseTo(4, 1);
    expect(late.pose!.value[0]).toBeCloseTo(10, 1);
    expect(late.pose!.sigma).toBeGreaterThan(early.pose!.sigma);
    expect(late.battery!.value).toBeLessThan(early.battery!.value);
    expect(late.activeContract!.progress.value).toBeGreaterThan(early.activeContract!.progress.value);
    expect(late.ageSeconds).toBeCloseTo(10, 1);
  });

  it("that went as projected ends live, with a report that says so and no replanning", async () => {
    const { cloud, device, contractId } = await underWay();
    await using _ = cloud;
    await device.disconnect("cut");
    await cloud.pass(5);
    progress(device, contractId, 6);
    await device.connect();
    await cloud.pass(1);
    expect(viewOf(cloud).mode).toBe("live");
    const [report] = await reportsOf(cloud);
    expect(report).toMatchObject({ contractId, trigger: "return" });
    expect(itemOf(report!, "position")).toMatchObject({ actual: [6, 0, 0], size: "none" });
    expect(cloud.told.some((entry) => entry.type === "replan.triggered")).toBe(false);
  });

  it("in which the robot was held up is reported with the true error and triggers replanning once", async () => {
    const { cloud, device, contractId } = await underWay();
    await using _ = cloud;
    await device.disconnect("cut");
    await cloud.pass(9);
    progress(device, contractId, 4);
    await cloud.pass(1);
    await device.connect();
    await cloud.pass(1);
    const [report] = await reportsOf(cloud);
    const position = itemOf(report!, "position");
    expect(position).toMatchObject({ actual: [4, 0, 0], unit: "m", size: "material" });
    expect(position.delta).toBeCloseTo(6, 1);
    const triggers = cloud.told.filter((entry) => entry.type === "replan.triggered");
    expect(triggers).toMatchObject([{ contractId, data: { because: [{ kind: "position" }] } }]);
  });

  it("is compared with what was believed before, even when the tail overtakes the presence", async () => {
    const { cloud, device, contractId } = await underWay();
    await using _ = cloud;
    await device.disconnect("cut");
    await cloud.pass(10);
    progress(device, contractId, 4);
    const heal = cloud.broker.swallow("hf/v1/default/amr-07/presence");
    await device.connect();
    await cloud.pass(0.5);
    heal();
    await cloud.pass(5);
    const [report] = await reportsOf(cloud);
    expect(itemOf(report!, "position").delta).toBeCloseTo(7, 1);
  });

  it("survives a restart of the cloud: the same projection, the same report", async () => {
    const { cloud, device, contractId } = await underWay();
    await using _ = cloud;
    await device.disconnect("cut");
    await cloud.pass(4);
    const before = viewOf(cloud);
    await cloud.restart();
    const after = viewOf(cloud);
    expect(after.mode).toBe("projected");
    expect(after.pose!.value[0]).toBeCloseTo(before.pose!.value[0], 1);
    expect(after.lastHeardAt).toBe(before.lastHeardAt);
    await cloud.pass(5);
    progress(device, contractId, 2);
    await device.connect();
    await cloud.pass(1);
    expect(viewOf(cloud).mode).toBe("live");
    expect(itemOf((await reportsOf(cloud))[0]!, "position").delta).toBeCloseTo(8, 1);
  });

  it.each(["live", "projected", "reconciled"] as const)("loses nothing to a restart while %s", async (mode) => {
    const { cloud, device, contractId } = await underWay();
    await using _ = cloud;
    if (mode !== "live") {
      await device.disconnect("cut");
      await cloud.pass(1);
    }
    const heal = cloud.broker.swallow("hf/v1/default/amr-07/journal");
    progress(device, contractId, 3);
    if (mode === "reconciled") await device.connect();
    await cloud.pass(1);
    expect(viewOf(cloud).mode).toBe(mode);
    await cloud.restart();
    heal();
    if (mode === "projected") await device.connect();
    else device.send();
    await cloud.pass(10);
    expect(viewOf(cloud)).toMatchObject({ mode: "live", journal: { committedSeq: device.state().seq } });
    expect((await reportsOf(cloud)).length).toBeGreaterThan(0);
  });

  it("that ends and begins again while reconciling is reported once, at the end", async () => {
    const { cloud, device, contractId } = await underWay();
    await using _ = cloud;
    await device.disconnect("cut");
    await cloud.pass(5);
    progress(device, contractId, 3);
    const heal = cloud.broker.swallow("hf/v1/default/amr-07/journal");
    await device.connect();
    await cloud.pass(1);
    expect(viewOf(cloud).mode).toBe("reconciled");
    await device.disconnect("cut");
    await cloud.pass(1);
    expect(viewOf(cloud).mode).toBe("projected");
    heal();
    await device.connect();
    await cloud.pass(1);
    expect(viewOf(cloud).mode).toBe("live");
    expect(await reportsOf(cloud)).toHaveLength(1);
  });
});

describe("late data", () => {
  it("never overwrites newer state: not the pose of newer telemetry, nor what a journal went on to say", async () => {
    const { cloud, device, contractId } = await underWay();
    await using _ = cloud;
    const heal = cloud.broker.swallow("hf/v1/default/amr-07/journal");
    progress(device, contractId, 3);
    await cloud.pass(2);
    sayPose(cloud, device, 5);
    await cloud.pass(0.5);
    heal();
    device.send();
    await cloud.pass(0.5);
    expect(viewOf(cloud).pose!.value).toEqual([5, 0, 0]);
    expect(viewOf(cloud).journal.committedSeq).toBe(device.state().seq);

    progress(device, contractId, 9);
    await cloud.pass(0.5);
    sayPose(cloud, device, 4, cloud.clock.wallMs() - 30_000);
    await cloud.pass(0.5);
    expect(viewOf(cloud).pose!.value).toEqual([9, 0, 0]);
  });

  it("of a journal that arrives again after newer events changes nothing", async () => {
    const { cloud, device, contractId } = await underWay();
    await using _ = cloud;
    const sent = cloud.broker.published.findLast(({ topic }) => topic.endsWith("/journal"))!;
    progress(device, contractId, 6);
    await cloud.pass(1);
    const before = viewOf(cloud);
    cloud.broker.route(sent);
    await cloud.pass(0.1);
    const { pose, battery, journal, activeContract } = viewOf(cloud);
    expect(pose!.value).toEqual(before.pose!.value);
    expect(battery!.value).toBe(before.battery!.value);
    expect(journal).toEqual(before.journal);
    expect(activeContract!.stageShare).toBeCloseTo(before.activeContract!.stageShare, 1);
  });
});

describe("thresholds of a policy", () => {
  it.each([
    [{ position: { minor: 1, material: 20, critical: 40 } }, "minor", 0],
    [{ position: { minor: 1, material: 3, critical: 5 } }, "critical", 1],
  ] as const)("%o make six metres %s", async (divergence, size, replans) => {
    const policy: Policy = { ...loadPolicy("warehouse"), divergence };
    const { failurePolicy: _own, ...draft } = draftFor("amr-07");
    const { cloud, device, contractId } = await underWay(draft, [policy]);
    await using _ = cloud;
    await device.disconnect("cut");
    await cloud.pass(9);
    progress(device, contractId, 4);
    await cloud.pass(1);
    await device.connect();
    await cloud.pass(1);
    const [report] = await reportsOf(cloud);
    const { delta, size: found } = itemOf(report!, "position");
    expect([Math.round(delta), found]).toEqual([6, size]);
    expect(cloud.told.filter(({ type }) => type === "replan.triggered")).toHaveLength(replans);
  });
});

describe("reconciling by hand", () => {
  it("fetches the journal up to its end and reports", async () => {
    const { cloud, device, contractId } = await underWay();
    await using _ = cloud;
    const heal = cloud.broker.swallow("hf/v1/default/amr-07/journal");
    progress(device, contractId, 1.5);
    const asking = cloud.cloud.reconcile("example");
    await cloud.pass(1);
    heal();
    device.send();
    const answer = await cloud.during(asking);
    expect(answer).toMatchObject({ ok: true, value: { contractId } });
    expect(answer.ok && itemOf(answer.value, "position").actual).toEqual([1.5, 0, 0]);
    expect((await reportsOf(cloud)).map((report) => report.trigger)).toEqual(["manual"]);
  });

  it("answers 504 when the device says nothing, and 404 for a contract that is not known", async () => {
    const { cloud, device } = await underWay();
    await using _ = cloud;
    device.obeys = false;
    expect(await cloud.during(cloud.cloud.reconcile("example"))).toMatchObject({ problem: { status: 504 } });
    expect(await cloud.cloud.reconcile("other")).toMatchObject({ problem: { status: 404 } });
  });

  it("of a device that cannot be heard answers its projection and changes nothing", async () => {
    const { cloud, device } = await underWay();
    await using _ = cloud;
    await device.disconnect("cut");
    await cloud.pass(3);
    const answer = await cloud.cloud.reconcile("example");
    expect(answer).toMatchObject({
      ok: false,
      problem: { status: 409, projection: { contract: { status: "running" } } },
    });
    expect(await reportsOf(cloud)).toEqual([]);
  });
});
