import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { draftFor, startCloudFixture, type CloudFixture } from "#cloud/cloud-fixture";
import { createEquator } from "#cloud/core/equator/site-map";
import { createFleetPlanner } from "#cloud/core/planning/fleet-planner";
import { createSiteWays } from "#cloud/core/planning/site-ways";
import { openTaskOf, type Candidate } from "#cloud/core/planner";
import type { DeviceFixture } from "#cloud/device-fixture";
import { createHttpServer } from "#cloud/io/http";
import type { Contract, FailurePolicy, FailureRule } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { sha256Hex } from "#contract/io/node-crypto";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";

/** One test a row of the tables of documents 1 (Execution Contract Pattern) and 2 (Execution Manager). */
const root = join(import.meta.dirname, "..");

interface Rig {
  readonly cloud: CloudFixture;
  readonly device: DeviceFixture;
  readonly other: DeviceFixture;
  readonly contractId: string;
}

/** amr-07 has a contract with this failure policy under way: it drives to the rack, while amr-08 is free. */
async function atWork(rule: Omit<FailureRule, "when"> = { strategy: "escalate" }): Promise<Rig> {
  const cloud = await startCloudFixture({ patience: { startSeconds: 600, factor: 3, leastSeconds: 60 } });
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  const [device, other] = [cloud.device("amr-07"), cloud.device("amr-08")];
  for (const each of [device, other]) await each.connect();
  await cloud.pass(6);
  const rules = [{ when: "true", ...rule }];
  const failurePolicy: FailurePolicy = { rules, fallback: "escalate", replanBudget: 0, offline: "finish" };
  await cloud.during(cloud.cloud.pushContract(draftFor("amr-07", "task-1", { failurePolicy })));
  const { contractId } = device.contracts[0]!;
  device.write("contract.started", {}, { contractId });
  const about = { contractId, stageId: "go-to-rack" };
  device.write("stage.started", { action: "navigate", pose: [0, 0, 0], battery: 0.9 }, about);
  device.write(
    "estimate",
    {
      stageId: "go-to-rack",
      pose: [0, 0, 0],
      battery: 0.9,
      route: [
        [0, 0],
        [4, 0],
      ],
      speed: 0.2,
      stageSecondsRemaining: 20,
      secondsRemaining: 60,
      nextStages: [],
      drainPerSecond: 0.0001,
    },
    about,
  );
  await cloud.pass(1);
  return { cloud, device, other, contractId };
}

async function view({ cloud, contractId }: Rig): Promise<Record<string, unknown>> {
  const answer = await cloud.cloud.getContract(contractId);
  return answer.ok ? { ...answer.value } : {};
}

describe("document 1, the contract's components", () => {
  const pushed = async (): Promise<Contract> => (await atWork()).device.contracts[0]!;

  it("Task definition: what the device must accomplish (pick, move, clean, etc.)", async () => {
    const { task, stages } = await pushed();
    expect(task.kind).toBe("pick");
    expect(stages.map(({ action }) => action)).toEqual(["navigate", "pick", "navigate", "place"]);
  });

  it("Scoped actions: the set of actions the device is permitted to take", async () => {
    const cloud = await startCloudFixture({ devices: ["amr-07"] });
    onTestFinished(() => cloud[Symbol.asyncDispose]());
    expect((await pushed()).scope.actions.map(({ action }) => action)).toEqual(["navigate", "pick", "place"]);
    const narrow = draftFor("amr-07", "task-1", { scope: { actions: [{ action: "navigate" }] } });
    const refused = await cloud.cloud.pushContract(narrow);
    expect(refused).toMatchObject({ ok: false, problem: { type: "urn:holdfast:problem:out_of_scope" } });
  });

  it("Required data: spatial data (map excerpt from Equator), zone boundaries, landmarks", async () => {
    const { spatial } = await pushed();
    expect(spatial.occupancy?.png.length).toBeGreaterThan(0);
    expect(spatial.landmarks.map(({ id }) => id)).toEqual(["rack", "station"]);
    expect(spatial.zones).toEqual([]);
  });

  it("Constraints: battery thresholds, time windows, zone restrictions", async () => {
    const { battery, window, zones } = (await pushed()).constraints;
    expect([battery.minimum, window.maxDurationSeconds, zones]).toEqual([0.2, 900, {}]);
  });

  it("Failure policy: what to do if the contract cannot be completed", async () => {
    const { rules, fallback } = (await pushed()).failurePolicy;
    expect([rules[0]?.strategy, fallback]).toEqual(["escalate", "escalate"]);
  });
});

describe("documents 1 and 2, the device states", () => {
  it("Live: connected, real-time telemetry; the platform sees truth directly", async () => {
    const { cloud, device } = await atWork();
    const batch = {
      channel: "motion",
      t0: "2026-01-05T08:00:20.000Z",
      clock: "synced",
      t0Mono: 0,
      bootId: "b",
      dt: [0],
    };
    const batches = [{ ...batch, values: { x: [1.25], y: [0], yaw: [0] } }];
    device.say("telemetry", { v: 1, deviceId: "amr-07", lane: "live", store: "s", blockSeq: 1, batches });
    await cloud.pass(1);
    expect(cloud.cloud.getDevice("amr-07")).toMatchObject({
      value: { mode: "live", source: "actual", pose: { value: [1.25, 0, 0] } },
    });
  });

  it("Projected: offline, no telemetry; the platform estimates based on the contract scope", async () => {
    const { cloud, device } = await atWork();
    await device.disconnect("cut");
    await cloud.pass(9);
    const shown = cloud.cloud.getDevice("amr-07");
    expect(shown).toMatchObject({ value: { mode: "projected", source: "projected" } });
    const [x] = shown.ok ? (shown.value.pose?.value ?? []) : [];
    expect(x).toBeGreaterThan(1.5);
    expect(x).toBeLessThan(2.5);
  });

  it("Reconciled: device reconnects, reports actuals; actual corrects projection, triggers replanning if needed", async () => {
    const rig = await atWork();
    const { cloud, device, contractId } = rig;
    await device.disconnect("cut");
    await cloud.pass(30);
    const battery = { battery: 0.4, pose: [-9, 8, 0] as [number, number, number], share: 0.1 };
    device.write("stage.progress", battery, { contractId, stageId: "go-to-rack" });
    await device.connect();
    await cloud.pass(6);
    const modes = cloud.told.filter(({ type, deviceId }) => type === "device.mode" && deviceId === "amr-07");
    expect(modes.slice(-3).map(({ data }) => data["to"])).toEqual(["projected", "reconciled", "live"]);
    expect(cloud.cloud.getDevice("amr-07")).toMatchObject({ value: { pose: { value: [-9, 8, 0] } } });
    expect(cloud.told.filter(({ type }) => type === "replan.triggered")).toHaveLength(1);
  });
});

describe("document 1, the planning tiers", () => {
  const candidate = (deviceId: string, x: number): Candidate => ({
    deviceId,
    mode: "live",
    isFree: true,
    freeInSeconds: 0,
    actions: ["navigate", "pick", "place"],
    pose: [x, 0, 0],
  });

  it("Platform Planner: cloud, global, multi-resource: which resources handle which tasks", () => {
    const task = openTaskOf(exampleContract());
    const fleet = [candidate("amr-07", -3), candidate("amr-08", 3)];
    const assigned = createFleetPlanner(createSiteWays(createEquator([]))).assign(
      [task, { ...task, taskId: "task-2" }],
      fleet,
    );
    expect(assigned.map(({ taskId, deviceId }) => [taskId, deviceId])).toEqual([
      ["task-1", "amr-08"],
      ["task-2", "amr-07"],
    ]);
  });

  it("Edge Planner: device, single-agent, local: obstacle ahead, reroute; the tiers share no logic", () => {
    // That the edge planner goes round obstacles is shown by its own tests and by test/sim/warehouse-drive.test.ts.
    const imports = (folder: string): string[] =>
      globSync(`${folder}/**/*.ts`, { cwd: root }).flatMap((file) =>
        [...readFileSync(join(root, file), "utf8").matchAll(/from "(#[\w-]+)\//g)].map(([, alias]) => alias!),
      );
    expect(imports("cloud")).not.toContain("#edge-planner");
    expect(imports("edge-planner")).not.toContain("#cloud");
    expect(imports("agent")).toContain("#edge-planner");
  });
});

describe("document 1, the recovery strategies, for a stage that makes no progress", () => {
  it("Retry: re-attempt the failed action", async () => {
    const { cloud, device } = await atWork({ strategy: "retry", retry: { attempts: 1, backoffSeconds: 0 } });
    await cloud.pass(70);
    expect(device.commands.map(({ type }) => type)).toEqual(["hold", "resume"]);
  });

  it("Reassign: assign the task to the nearest available device", async () => {
    const rig = await atWork({ strategy: "reassign" });
    await rig.cloud.pass(75);
    expect(rig.other.contracts).toMatchObject([{ taskId: "task-1", epoch: 2 }]);
    expect((await view(rig))["status"]).toBe("reassigned");
  });

  it("Escalate: notify an operator for manual intervention", async () => {
    const { cloud } = await atWork({ strategy: "escalate" });
    await cloud.pass(70);
    expect((await cloud.cloud.listExceptions({ limit: 9, status: "open" })).rows).toMatchObject([{ code: "stalled" }]);
    expect(cloud.told.filter(({ type }) => type === "exception")).toHaveLength(1);
  });

  it("Hold: pause execution and wait for conditions to change", async () => {
    const rig = await atWork({ strategy: "hold", hold: { until: "robot.battery > 0.95" } });
    await rig.cloud.pass(70);
    expect((await view(rig))["status"]).toBe("held");
    rig.device.write(
      "stage.progress",
      { share: 0, battery: 0.97 },
      { contractId: rig.contractId, stageId: "go-to-rack" },
    );
    await rig.cloud.pass(10);
    expect((await view(rig))["status"]).toBe("running");
  });

  it("Abort: cancel the task entirely", async () => {
    const rig = await atWork({ strategy: "abort" });
    await rig.cloud.pass(70);
    expect((await view(rig))["status"]).toBe("cancelled");
    expect(rig.other.contracts).toEqual([]);
  });
});

describe("document 1, replanning with partial connectivity", () => {
  it("Offline devices: hold their contracted tasks as projected state, do not reassign", async () => {
    const { cloud, device, other } = await atWork({ strategy: "reassign" });
    await device.disconnect("cut");
    await cloud.pass(600);
    expect(other.contracts).toEqual([]);
    const pushed = await cloud.cloud.pushContract(draftFor("amr-08"));
    expect(pushed).toMatchObject({ ok: false, problem: { type: "urn:holdfast:problem:task_busy" } });
  });
});

describe("document 2, the API, by a plain HTTP client", () => {
  /** Requests over a socket, while virtual time passes. */
  async function client({ cloud }: Rig): Promise<(method: string, path: string, body?: object) => Promise<Reply>> {
    const { clock, cloud: execution } = cloud;
    const deps = { execution, clock, rng: createRng(1), log: silentLog, sha256: sha256Hex, version: "0" };
    const server = createHttpServer(deps);
    const host = await server.listen({ host: "127.0.0.1", port: 0 });
    onTestFinished(() => server.close());
    return async (method, path, body) => {
      const sent = body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
      const reply = fetch(host + path, { method, ...sent }).then(async (response) => ({
        status: response.status,
        body: (await response.json()) as Record<string, unknown>,
      }));
      const state = { isOver: false };
      const ended = reply.finally(() => (state.isOver = true));
      while (!state.isOver) await cloud.pass(0.005);
      return ended;
    };
  }
  interface Reply {
    readonly status: number;
    readonly body: Record<string, unknown>;
  }

  it("POST /contracts: push a contract to a device", async () => {
    const rig = await atWork();
    const call = await client(rig);
    const pushed = await call("POST", "/contracts", draftFor("amr-08", "task-2"));
    expect(pushed).toMatchObject({ status: 201, body: { status: "accepted", epoch: 1 } });
    expect(rig.other.contracts).toMatchObject([{ contractId: pushed.body["contractId"], taskId: "task-2" }]);
  });

  it("GET /contracts/{id}: get contract status", async () => {
    const rig = await atWork();
    const call = await client(rig);
    const { status, body } = await call("GET", `/contracts/${rig.contractId}`);
    expect([status, body["status"], body["mode"]]).toEqual([200, "running", "live"]);
  });

  it("GET /contracts?device=&status=: query contracts", async () => {
    const rig = await atWork();
    const call = await client(rig);
    const { body } = await call("GET", "/contracts?device=amr-07&status=running");
    expect(body).toMatchObject({ items: [{ contractId: rig.contractId }] });
    expect((await call("GET", "/contracts?device=amr-08&status=running")).body).toEqual({ items: [] });
    expect((await call("GET", "/contracts?device=&status=")).status).toBe(400);
  });

  it("POST /contracts/{id}/reconcile: trigger manual reconciliation", async () => {
    const rig = await atWork();
    const call = await client(rig);
    const { status, body } = await call("POST", `/contracts/${rig.contractId}/reconcile`);
    expect([status, body["contractId"], Array.isArray(body["items"])]).toEqual([200, rig.contractId, true]);
    expect(rig.device.commands.map(({ type }) => type)).toContain("sync");
  });
});
