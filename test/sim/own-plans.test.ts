import { expect, test } from "vitest";
import { distance, poseFrom } from "#lib/geometry";
import { ALWAYS, violationsOf } from "#sim/checkers";
import type { ContractDraft } from "#contract/contract";
import { DEVICE, scenario, Trial } from "./support.ts";

const landmark = ({ spatial }: ContractDraft, id: string): { x: number; y: number } =>
  poseFrom(spatial.landmarks.find((mark) => mark.id === id)!.pose);

test("cut off, a robot whose contract says return-home goes home, and goes on when the link is back", async () => {
  const { trial, draft } = await started((policy) => ({ ...policy, offline: "return-home" }));
  await using _ending = trial;
  await trial.until("the item is on board", () => trial.hasEvent("stage.completed", "pick-item"), 60);
  trial.site.network.partition(DEVICE);
  await trial.until("it is home", () => trial.hasEvent("stage.completed", "drive-home"), 180);
  expect(distance(trial.site.world.truth(DEVICE).pose, landmark(draft, "amr-staging"))).toBeLessThan(0.4);
  expect(Object.values(trial.agent().state().contracts).at(-1)?.status).toBe("held");

  trial.site.network.heal(DEVICE);
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 240);
  await expectSafe(trial);
});

test("an aborted contract puts its load back and leaves the aisle, far from any cloud", async () => {
  const { trial, draft } = await started((policy) => ({
    ...policy,
    rules: [{ when: "true", strategy: "abort" }],
    replanBudget: 0,
  }));
  await using _ending = trial;
  await trial.until("the item is on board", () => trial.hasEvent("stage.completed", "pick-item"), 60);
  trial.site.network.partition(DEVICE);
  trial.site.world.apply({ do: "battery", device: DEVICE, charge: 0.15 });
  await trial.until("it has ended", () => trial.hasEvent("contract.aborted"), 240);
  const kinds = trial.site.journals
    .get(DEVICE)!
    .flatMap(({ type, data }) => (type === "movement" ? [data["kind"]] : []));
  expect(kinds).toEqual(["PICK", "PUT"]);
  const { x, y } = trial.site.world.truth(DEVICE).pose;
  const aisle = draft.spatial.zones.find(({ id }) => id === "rack-aisle-b")!.polygon;
  expect(x < aisle[0]![0] || x > aisle[1]![0] || y > aisle[2]![1]).toBe(true);
  await expectSafe(trial);
});

/** The short pick under another failure policy. */
async function started(
  change: (policy: ContractDraft["failurePolicy"]) => ContractDraft["failurePolicy"],
): Promise<{ trial: Trial; draft: ContractDraft }> {
  const loaded = scenario("short-pick");
  const [first] = loaded.contracts;
  // Slow enough that no stage is over before the link is given up.
  const constraints = { ...first!.draft.constraints, maxSpeed: 0.4 };
  const draft = { ...first!.draft, constraints, failurePolicy: change(first!.draft.failurePolicy) };
  return { trial: await Trial.start({ ...loaded, contracts: [{ ...first!, draft }] }), draft };
}

async function expectSafe(trial: Trial): Promise<void> {
  expect(violationsOf(await trial.evidence(), ALWAYS)).toEqual([]);
}
