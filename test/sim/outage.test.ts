import { expect, test } from "vitest";
import type { DivergenceReport } from "#cloud/core/divergence";
import type { LogEntry } from "#cloud/io/store-rows";
import type { DeviceView } from "#cloud/views";
import { distance } from "#lib/geometry";
import { violationsOf } from "#sim/checkers";
import type { TrackPoint } from "#sim/world/metrics";
import { DEVICE, PICK, scenario, Trial } from "./support.ts";

/** Pallets across the way to packing, so that the robot must turn round and come from the other side. */
const PALLETS = {
  polygon: [
    [7.15, -9.6],
    [15.05, -9.6],
    [15.05, -9],
    [7.15, -9],
  ] as [number, number][],
};

function outage(seconds: number, obstacles = [PALLETS]): Promise<Trial> {
  const after = { contract: PICK, stage: "pick-item" };
  return Trial.start(
    scenario("short-pick", { obstacles, network: [{ after, for: seconds * 1000, partition: DEVICE }] }),
  );
}

test("a projected device moves on by its contract and is never more certain than before", async () => {
  await using trial = await outage(60, []);
  await trial.until("it is projected", () => trial.mode() === "projected", 60);
  const views: DeviceView[] = [];
  for (let view = viewOf(trial); view.mode === "projected"; view = viewOf(trial)) {
    views.push(view);
    await trial.advance(1);
  }
  expect(views.length).toBeGreaterThan(30);
  expect(views.every(({ source }) => source === "projected")).toBe(true);
  const [first, last] = [views[0]!, views.at(-1)!];
  expect(distance(at(last), at(first))).toBeGreaterThan(3);
  expect(last.activeContract!.progress.value).toBeGreaterThan(first.activeContract!.progress.value);
  expect(last.battery!.value).toBeLessThan(first.battery!.value);
  for (const sigmaOf of SIGMAS) {
    const sigmas = views.map(sigmaOf);
    expect(sigmas).toEqual(sigmas.toSorted((a, b) => a - b));
    expect(sigmas.at(-1)).toBeGreaterThan(sigmas[0]!);
  }
});

test("a robot that was delayed out of sight returns on its way: the report tells how wrong the projection was", async () => {
  await using trial = await outage(40);
  const published: LogEntry[] = [];
  trial.cloud.onLogged((entries) => published.push(...entries));
  await trial.until("it is projected", () => trial.mode() === "projected", 60);
  const believed = new Map<number, DeviceView>();
  while (trial.mode() === "projected") {
    const view = viewOf(trial);
    believed.set(Date.parse(view.at), view);
    await trial.advance(0.1);
  }
  await trial.until("it is live", () => trial.mode() === "live", 5);

  const report = (await reportsOf(trial)).at(-1)!;
  const position = report.items.find((item) => item.kind === "position")!;
  const reportedMs = Date.parse(report.at);
  const [x, y] = position.projected as [number, number, number];
  const truth = truthAt(trial, reportedMs - (trial.clock.wallMs() - trial.clock.nowMs()));
  expect(position.delta).toBeGreaterThanOrEqual(2);
  expect(Math.abs(position.delta - distance(truth, { x, y }))).toBeLessThanOrEqual(0.1);
  // The projection that the report blames is the one that was shown.
  const shown = nearest(believed, reportedMs);
  expect(distance(at(shown), { x, y })).toBeLessThanOrEqual(0.2);
  expect(position.size).toBe("material");

  const triggered = published.filter(({ type }) => type === "replan.triggered");
  expect(triggered).toHaveLength(1);
  expect(triggered[0]!.data["because"]).toContainEqual(position);
  const view = await trial.value(trial.cloud.getContract(PICK));
  expect(view.ok && view.value.recovery.map(({ type }) => type)).toContain("replan.triggered");
  expect(view.ok && view.value.status).toBe("running");

  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 60);
  await trial.advance(10);
  expect(violationsOf(await trial.evidence())).toEqual([]);
});

test("an outage that changes nothing triggers no new plan", async () => {
  await using trial = await outage(50, []);
  await trial.until("it is projected", () => trial.mode() === "projected", 60);
  await trial.until("it is live", () => trial.mode() === "live", 60);
  const [report] = (await reportsOf(trial)).slice(-1);
  expect(report!.items.filter(({ size }) => size === "material" || size === "critical")).toEqual([]);
  expect(trial.site.cloudLog.filter(({ type }) => type === "replan.triggered")).toEqual([]);
});

const SIGMAS: readonly ((view: DeviceView) => number)[] = [
  (view) => view.pose!.sigma,
  (view) => view.battery!.sigma,
  (view) => view.activeContract!.progress.sigma,
];

function viewOf(trial: Trial): DeviceView {
  const view = trial.cloud.getDevice(DEVICE);
  if (!view.ok) throw view.problem;
  return view.value;
}

function at(view: DeviceView): { x: number; y: number } {
  const [x, y] = view.pose!.value;
  return { x, y };
}

async function reportsOf(trial: Trial): Promise<DivergenceReport[]> {
  const view = await trial.value(trial.cloud.getContract(PICK));
  return view.ok ? [...view.value.reconciliations] : [];
}

function nearest(views: ReadonlyMap<number, DeviceView>, atMs: number): DeviceView {
  const [, view] = [...views].toSorted(([a], [b]) => Math.abs(a - atMs) - Math.abs(b - atMs))[0]!;
  return view;
}

/** Where the robot really was, between two points of its true course. */
function truthAt(trial: Trial, monoMs: number): { x: number; y: number } {
  const track = trial.site.world.track(DEVICE);
  const next = track.findIndex((point) => point.atMs >= monoMs);
  const [a, b] = [track[next - 1], track[next]] as [TrackPoint, TrackPoint];
  const share = (monoMs - a.atMs) / (b.atMs - a.atMs);
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share };
}
