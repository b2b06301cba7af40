import { describe, expect, test } from "vitest";
import type { Contract } from "#contract/contract";
import type { Event } from "#contract/event";
import { Reply } from "#contract/messages";
import { topicOf } from "#contract/topics";
import { violationsOf } from "#sim/checkers";
import { timestamp } from "#lib/clock";
import { assert } from "#lib/errors";
import { DEVICE, draftOf, PICK, scenario, Trial } from "./support.ts";

const SHORT_PICK = scenario("short-pick");
/** So slow that the planner at the wire is heard long before the cloud itself has refused. */
const SLOW_MS = [15_000, 15_000] as const;

describe("a new plan that comes over the wire", () => {
  test("is adopted when it answers the device's present state, and carried out", async () => {
    const { trial, contract, asked } = await failing(3);
    await using _ending = trial;
    expect(await answer(trial, revised(trial, contract, asked))).toMatchObject({ result: "stored" });
    await trial.until("it is done", () => trial.hasEvent("contract.completed"), 240);
    expect(trial.hasEvent("stage.completed", "pick-again")).toBe(true);
    expect(told(trial, "contract.completed")).toMatchObject([{ revision: 2 }]);
    expect(trial.site.world.movements()).toHaveLength(2);
    await trial.advance(60);
    expect(violationsOf(await trial.evidence())).toEqual([]);
  });

  test.each([
    ["a revision that the device never had", { revision: 7 }],
    ["a revision of its own that the device does not have", { localRevision: 1 }],
    ["a moment that is still to come", { journalSeq: 100_000 }],
  ])("is refused as stale when it answers %s, and the device goes on by itself", async (_what, differs) => {
    const { trial, contract, asked } = await failing(3);
    await using _ending = trial;
    const plan = revised(trial, contract, asked);
    const stale = { ...plan, revision: 8, replaces: { ...plan.replaces!, ...differs } };
    expect(await answer(trial, stale)).toMatchObject({ result: "refused", reason: "invalid" });
    await trial.until("it says so", () => isCalledStale(trial), 5);
    await trial.until("it is done", () => trial.hasEvent("contract.completed"), 300);
    expect(told(trial, "contract.completed")).toMatchObject([{ revision: 1 }]);
  });

  test("is refused as stale when it arrives after the device has moved on", async () => {
    const { trial, contract, asked } = await failing(3);
    await using _ending = trial;
    const plan = revised(trial, contract, asked);
    await trial.until("it goes on by itself", () => trial.hasEvent("stage.completed", "pick-item"), 120);
    expect(await answer(trial, plan)).toMatchObject({ result: "refused", reason: "invalid" });
    await trial.until("it says so", () => isCalledStale(trial), 5);
    await trial.until("it is done", () => trial.hasEvent("contract.completed"), 240);
    expect(told(trial, "contract.completed")).toMatchObject([{ revision: 1 }]);
    expect(trial.site.world.movements()).toHaveLength(2);
  });
});

test("the cloud leaves out an optional stage that failed; the device adopts that revision, and carries it out", async () => {
  const draft = draftOf(SHORT_PICK);
  const [drive, ...others] = draft.stages;
  const look = {
    ...drive!,
    stageId: "look",
    goal: "Read a label that is not there",
    action: "scan",
    inputs: { expect: "NOWHERE" },
    toolsRequired: ["scanner"],
    validation: [],
    optional: true,
  };
  const scope = { actions: [...draft.scope.actions, { action: "scan" }] };
  const stages = [drive!, look, ...others];
  const [first] = SHORT_PICK.contracts;
  await using trial = await Trial.start({
    ...SHORT_PICK,
    contracts: [{ ...first!, draft: { ...draft, scope, stages } }],
  });
  await trial.until("it is done", () => trial.hasEvent("contract.completed"), 300);
  await trial.advance(10);
  expect(told(trial, "replan.refused")).toEqual([]);
  expect(told(trial, "contract.accepted").map(({ revision }) => revision)).toEqual([1, 2]);
  const [asked] = told(trial, "replan.requested");
  expect(told(trial, "contract.accepted")[1]!.monoMs - asked!.monoMs).toBeLessThan(5000);
  const view = await trial.value(trial.cloud.getContract(PICK));
  assert(view.ok, "the cloud knows the contract");
  expect(view.value.stages.map(({ stageId, status }) => `${stageId} ${status}`)).toEqual([
    "go-to-rack completed",
    "pick-item completed",
    "go-to-packing completed",
    "place-item completed",
  ]);
  expect(violationsOf(await trial.evidence())).toEqual([]);
});

/** A robot whose hand came to nothing that often and that waits for a plan, and a cloud that thinks for long. */
async function failing(times: number): Promise<{ trial: Trial; contract: Contract; asked: Event }> {
  const trial = await Trial.start(SHORT_PICK);
  trial.site.world.apply({ do: "hand-fault", device: DEVICE, action: "pick", times });
  await trial.until("it works", () => trial.hasEvent("stage.attempt"), 60);
  const view = await trial.value(trial.cloud.getContract(PICK));
  assert(view.ok, "the cloud knows the contract");
  trial.site.cloud.slow(SLOW_MS);
  await trial.until("it asks for a plan", () => trial.hasEvent("replan.requested"), 120);
  return { trial, contract: view.value.contract, asked: told(trial, "replan.requested")[0]! };
}

/** What a planner makes of the rest: the pick under another name. */
function revised(trial: Trial, contract: Contract, asked: Event): Contract {
  const view = trial.cloud.getDevice(DEVICE);
  const session = view.ok ? view.value.session! : "";
  const stages = contract.stages.map((stage) =>
    stage.stageId === "pick-item" ? { ...stage, stageId: "pick-again" } : stage,
  );
  const replaces = { revision: 1, localRevision: 0, journalSeq: asked.seq };
  return { ...contract, session, revision: 2, replaces, issuedAt: timestamp(trial.clock.wallMs()), stages };
}

/** Says it in the cloud's place, and waits for the device's answer. */
async function answer(trial: Trial, plan: Contract): Promise<Reply> {
  const replies: Reply[] = [];
  const connection = await trial.value(
    trial.site.network
      .transport("planner")
      .connect(
        { clientId: "planner", keepAliveSeconds: 60 },
        { onMessage: ({ payload }) => replies.push(Reply.parse(JSON.parse(payload))), onClose: () => undefined },
      ),
  );
  await trial.value(connection.subscribe([topicOf("default", DEVICE, "reply")]));
  const payload = await trial.site.signer.sign("hf-contract+jws", plan);
  void connection.publish({ topic: topicOf("default", DEVICE, "contract"), payload, qos: 1, retain: false });
  const ours = (): Reply | undefined =>
    replies.find(({ inReplyTo }) => inReplyTo === `${plan.contractId}/${plan.revision}`);
  await trial.until("the device answers", () => ours() !== undefined, 10);
  trial.site.cloud.slow(undefined);
  return ours()!;
}

function isCalledStale(trial: Trial): boolean {
  return told(trial, "replan.refused").some(({ data }) => data["reason"] === "stale");
}

function told(trial: Trial, type: string): readonly Event[] {
  return trial.site.journals.get(DEVICE)!.filter((event) => event.type === type);
}
