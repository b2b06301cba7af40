import { expect, test } from "vitest";
import { violationsOf } from "#sim/checkers";
import type { Event } from "#contract/event";
import { DEVICE, scenario, Trial } from "./support.ts";

const SHORT_PICK = scenario("short-pick");

test("a hand that slips is tried again by the device, and the cloud hears of it only as history", async () => {
  await using trial = await Trial.start(SHORT_PICK);
  trial.site.world.apply({ do: "hand-fault", device: DEVICE, action: "pick", times: 1 });
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 120);
  await trial.advance(5);
  expect(told(trial, "fix.attempted").map(({ data }) => data["fix"])).toEqual(["retry"]);
  expect(told(trial, "replan.requested")).toEqual([]);
  expect(violationsOf(await trial.evidence())).toEqual([]);
});

test("a new plan is asked for over the wire, refused at once, and the contract's own policy goes on", async () => {
  await using trial = await Trial.start(SHORT_PICK);
  trial.site.world.apply({ do: "hand-fault", device: DEVICE, action: "pick", times: 3 });
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 180);
  await trial.advance(5);
  const [requested] = told(trial, "replan.requested");
  const refused = told(trial, "replan.refused");
  expect(refused.map(({ data }) => [data["by"], data["reason"]])).toEqual([
    ["cloud", "no_revision"],
    ["device", "no_revision"],
  ]);
  expect(refused[0]!.monoMs - requested!.monoMs).toBeLessThan(2000);
  expect(violationsOf(await trial.evidence())).toEqual([]);
});

test("without a link the device does not wait for a new plan", async () => {
  await using trial = await Trial.start(SHORT_PICK);
  trial.site.world.apply({ do: "hand-fault", device: DEVICE, action: "pick", times: 3 });
  await trial.until("it drives", () => trial.hasEvent("stage.attempt"), 60);
  trial.site.network.partition(DEVICE);
  await trial.until("it has asked in vain", () => trial.hasEvent("replan.refused"), 180);
  const [requested] = told(trial, "replan.requested");
  const refused = told(trial, "replan.refused");
  expect(refused.map(({ data }) => data["by"])).toEqual(["device"]);
  const lost = told(trial, "link.changed").findLast(({ data }) => data["state"] !== "online");
  expect(refused[0]!.monoMs - Math.max(requested!.monoMs, lost!.monoMs)).toBeLessThan(2000);
  trial.site.network.heal(DEVICE);
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 180);
  await trial.advance(5);
  expect(violationsOf(await trial.evidence())).toEqual([]);
});

function told(trial: Trial, type: string): readonly Event[] {
  return trial.site.journals.get(DEVICE)!.filter((event) => event.type === type);
}
