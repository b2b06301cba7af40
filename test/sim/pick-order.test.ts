import { expect, test } from "vitest";
import { readEventData } from "#contract/event-data";
import { violationsOf } from "#sim/checkers";
import { DEVICE, draftOf, PICK, scenario, Trial } from "./support.ts";

const NEARER = "amr-08";
const FARTHER = "amr-09";
const FAR_POSE: [number, number, number] = [-5.5, -1, 0];
/** Metres by which a robot may believe to stand elsewhere than it does. */
const SIGHTING_ERROR = 0.15;
/** From when the item is on the conveyor until the robot has seen it there and calls its work done. */
const CLOSING_SECONDS = 2;

test("order #4521: the pick fails twice, and the nearest robot that is available completes it; one pick is committed", async () => {
  const loaded = scenario("two-robots");
  const [first] = loaded.scenario.robots;
  const robots = [...loaded.scenario.robots, { ...first!, id: FARTHER, pose: FAR_POSE }];
  const profiles = new Map([...loaded.profiles, [FARTHER, loaded.profiles.get(DEVICE)!]]);
  await using trial = await Trial.start({ ...loaded, profiles, scenario: { ...loaded.scenario, robots } });
  trial.site.network.partition(NEARER);
  await trial.until("the nearer one is out of reach", () => trial.mode(NEARER) === "projected", 30);
  trial.site.world.apply({ do: "hand-fault", device: DEVICE, action: "pick", times: 20 });
  expect(await trial.value(trial.cloud.pushContract(draftOf(scenario("short-pick"))))).toMatchObject({ ok: true });

  await trial.until("it is released", () => trial.hasEvent("contract.released"), 60);
  const failures = trial.site.journals.get(DEVICE)!.filter(({ type }) => type === "stage.failed");
  const strategies = failures.flatMap(({ data }) => readEventData("stage.failed", data)?.strategy ?? []);
  expect(strategies).toEqual(["retry", "reassign"]);
  // It stands where the other one has to stand.
  trial.site.world.apply({ do: "kidnap", device: DEVICE, to: [3, -8, 0] });
  await trial.until("another has done it", () => trial.hasEvent("contract.completed", undefined, FARTHER), 240);
  trial.site.network.heal(NEARER);
  await trial.until("all are live", () => trial.mode(NEARER) === "live", 60);
  await trial.advance(5);

  const { contracts, movements } = await trial.evidence();
  expect(contracts.map(({ deviceId, status, epoch }) => ({ deviceId, status, epoch }))).toEqual([
    { deviceId: FARTHER, status: "completed", epoch: 2 },
    { deviceId: DEVICE, status: "reassigned", epoch: 1 },
  ]);
  expect(movements.map(({ kind, robotId }) => [kind, robotId])).toEqual([
    ["pick", FARTHER],
    ["place", FARTHER],
  ]);
  const { rows } = await trial.cloud.listLedger({ limit: 9 });
  expect(rows.filter(({ movement }) => movement.kind === "PICK")).toHaveLength(1);
  expect(trial.hasEvent("contract.accepted", undefined, NEARER)).toBe(false);
  expect(violationsOf(await trial.evidence())).toEqual([]);
});

test("the link lost after step 2: the cloud says when the robot arrives at packing station 2, and then how wrong it was", async () => {
  const after = { contract: PICK, stage: "pick-item" };
  await using trial = await Trial.start(
    scenario("short-pick", { network: [{ after, for: 50_000, partition: DEVICE }] }),
  );
  await trial.until("it is projected", () => trial.mode() === "projected", 60);
  const view = await trial.value(trial.cloud.getContract(PICK));
  const arrival = view.ok ? view.value.stages.find(({ stageId }) => stageId === "go-to-packing")!.expected! : undefined;
  expect(arrival).toBeDefined();
  const { endsAt, earliest, latest } = arrival!;
  expect(earliest < endsAt && endsAt < latest).toBe(true);

  await trial.until("it is live", () => trial.mode() === "live", 90);
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 90);
  await trial.advance(5);
  const done = trial.site.journals.get(DEVICE)!.find((event) => {
    return event.type === "stage.completed" && event.stageId === "go-to-packing";
  });
  expect(done!.at >= earliest && done!.at <= latest).toBe(true);
  const told = await trial.value(trial.cloud.getContract(PICK));
  const report = told.ok ? told.value.reconciliations.at(-1)! : undefined;
  const items = new Map(report!.items.map((item) => [item.kind, item]));
  const [position, timing] = [items.get("position")!, items.get("timing")!];
  expect([position.unit, timing.unit]).toEqual(["m", "s"]);
  // It has stood where it is since the end of its work, so that its pose now is the truth of that moment.
  const [x, y] = position.projected as [number, number];
  const { pose } = trial.site.world.truth(DEVICE);
  expect(Math.abs(position.delta - Math.hypot(pose.x - x, pose.y - y))).toBeLessThan(SIGHTING_ERROR);
  const placed = trial.site.world.movements().find(({ kind }) => kind === "place")!;
  const placedMs = trial.clock.wallMs() - trial.clock.nowMs() + placed.atMs;
  const trueDelta = (placedMs - Date.parse(timing.projected as string)) / 1000;
  expect(Math.abs(timing.delta - trueDelta)).toBeLessThan(CLOSING_SECONDS);
  expect(report!.summary).toMatch(/\.$/);
});
