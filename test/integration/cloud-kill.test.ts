import { expect, test } from "vitest";
import type { ContractDraft } from "#contract/contract";
import { sleep } from "#lib/clock";
import { createRng } from "#lib/rng";
import { ask } from "./http-client.ts";
import { expectAgreement } from "./journals.ts";
import { startSite } from "./site.ts";

/** Simulated seconds per real second. */
const FACTOR = 6;
const SEED = 1;
/** Long enough for an outage, two restarts of the cloud, and a hold. */
const WAIT_SECONDS = 90;

test("a cloud that is killed in the outage, and again when the device returns, loses nothing and keeps its orders", async () => {
  await using site = await startSite("fetch", { factor: FACTOR, seed: SEED, change: withLongWait });
  const { processes, deviceId, events, told } = site;
  const url = processes.cloudUrl;
  const relay = processes.relay(deviceId)!;
  const contractId = await site.push();
  const begin = told.items.length;
  await events.find("the item is on board", (event) => event.type === "movement");

  relay.cut();
  await site.mode("projected", begin);
  const held = await ask("POST", `${url}/contracts/${contractId}/hold`);
  expect(held).toMatchObject({ status: 202, body: { type: "hold", delivery: "kept" } });
  await processes.killCloud();
  await events.find(
    "the device goes on alone",
    ({ type, stageId }) => type === "stage.completed" && stageId === "go-to-belt",
  );
  await site.startCloud();
  const shown = await ask("GET", `${url}/devices/${deviceId}`);
  expect(shown.body).toMatchObject({ mode: "projected", source: "projected", activeContract: { contractId } });
  expect((await ask("POST", `${url}/contracts`, { body: site.draft })).status).toBe(409);

  relay.mend();
  await sleep(site.clock, createRng(SEED).integer(0, 3000));
  await processes.killCloud();
  await site.startCloud();
  await site.status(contractId, "held");
  await site.mode("live", begin);
  expect((await ask("POST", `${url}/contracts/${contractId}/resume`)).status).toBe(202);
  expect(await site.end(contractId)).toBe("completed");

  const modes = told.items
    .slice(begin)
    .filter(({ type }) => type === "device.mode")
    .map(({ data }) => data["to"]);
  expect(modes.at(0)).toBe("projected");
  expect(modes.at(-1)).toBe("live");
  expect(modes).toContain("reconciled");
  const movements = await processes.world.movements();
  expect(movements.map(({ kind }) => kind)).toEqual(["pick", "place"]);
  const journal = await expectAgreement(site);
  const obeyed = journal.filter(({ type }) => type === "command.obeyed").map(({ data }) => data["command"]);
  expect(obeyed.filter((command) => command !== "sync")).toEqual(["hold", "resume"]);
  const { commandId } = held.body;
  expect(journal.find(({ data }) => data["command"] === "hold")?.data).toMatchObject({ commandId });
});

/** The contract with a long wait before the item is handed over, so that it is still under way when the link is back. */
function withLongWait(draft: ContractDraft): ContractDraft {
  const wait = {
    stageId: "wait-at-belt",
    goal: "Wait for the belt",
    action: "wait",
    inputs: { seconds: WAIT_SECONDS },
    toolsRequired: [],
    validation: [],
    timeoutSeconds: 2 * WAIT_SECONDS,
  };
  const stages = draft.stages.toSpliced(-1, 0, wait);
  return { ...draft, stages, scope: { actions: [...draft.scope.actions, { action: "wait" }] } };
}
