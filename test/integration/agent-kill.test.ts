import { expect, test } from "vitest";
import type { Event } from "#contract/event";
import { createRng, type Rng } from "#lib/rng";
import { sleep } from "#lib/clock";
import { createSystemClock } from "#lib/node/system-clock";
import { expectAgreement } from "./journals.ts";
import { startSite, type Site } from "./site.ts";

/** Simulated seconds per real second. */
const FACTOR = 6;
const SEED = Number(process.env["HOLDFAST_SEED"] ?? 1);
const KILLS = process.env["HOLDFAST_LONG"] === "1" ? 50 : 10;
/** What the emulated hand takes for a pick or a place, in simulated milliseconds. */
const HAND_MS = 4000;

const real = createSystemClock();

/**
 * When to kill: waits for its moment, which never comes when the contract ends first. Two of the four moments of a contract
 * are in the hand's work; right after the intent is on disk, or while the hand moves.
 */
type Moment = (site: Site, rng: Rng) => Promise<unknown>;

const onTheWay: Moment = ({ clock }, rng) => sleep(clock, rng.integer(0, 5000));
const whileStarting: Moment = (_site, rng) => sleep(real, rng.integer(20, 1500));
const afterIntent =
  (stageId: string): Moment =>
  (site) =>
    intentOf(site, stageId);
const whileTheHandMoves =
  (stageId: string): Moment =>
  async (site, rng) => {
    await intentOf(site, stageId);
    await sleep(site.clock, rng.integer(100, HAND_MS));
  };

const PLANS: readonly (readonly Moment[])[] = [
  [onTheWay, whileTheHandMoves("pick-item"), whileStarting, afterIntent("place-item")],
  [onTheWay, afterIntent("pick-item"), whileStarting, whileTheHandMoves("place-item")],
];

test(`an agent that is killed ${KILLS} times fulfils every contract, and does nothing twice (seed ${SEED})`, async () => {
  await using site = await startSite("fetch", { factor: FACTOR, seed: SEED });
  const { processes, deviceId } = site;
  const rng = createRng(SEED).fork("agent-kill");
  const contracts: string[] = [];
  for (let kills = 0; kills < KILLS;) {
    const contractId = await site.push();
    kills += await killDuring(site, contractId, PLANS[contracts.length % PLANS.length]!.slice(0, KILLS - kills), rng);
    expect(await site.end(contractId)).toBe("completed");
    contracts.push(contractId);
  }

  await expectMovementsOnce(site, contracts);
  expect((await processes.world.metrics(deviceId)).collisions).toEqual([]);
  expectVerified(await expectAgreement(site));
});

/** Kills and starts the agent at each moment that comes before the contract ends; answers how often. */
async function killDuring(site: Site, contractId: string, moments: readonly Moment[], rng: Rng): Promise<number> {
  const { processes, deviceId } = site;
  const over = site.end(contractId).then(() => "over");
  let kills = 0;
  for (const moment of moments) {
    if ((await Promise.race([moment(site, rng), over])) === "over") break;
    await processes.killAgent(deviceId);
    processes.startAgent(deviceId);
    kills++;
  }
  return kills;
}

/** The next attempt of the stage that is durable. */
function intentOf(site: Site, stageId: string): Promise<Event> {
  return site.events.next(
    `an attempt of ${stageId}`,
    (event) => event.type === "stage.attempt" && event.stageId === stageId,
  );
}

/** The world has seen one pick and one place for each contract, and the cloud's ledger says the same. */
async function expectMovementsOnce({ processes }: Site, contracts: readonly string[]): Promise<void> {
  const movements = await processes.world.movements();
  const kinds = movements.map(({ kind, key }) => [key.slice(0, key.indexOf("/")), kind]);
  expect(kinds).toEqual(
    contracts.flatMap((contractId) => [
      [contractId, "pick"],
      [contractId, "place"],
    ]),
  );
  const answer = await fetch(`${processes.cloudUrl}/ledger?limit=500`);
  const { items } = (await answer.json()) as { items: { kind: string; contract_id: string }[] };
  const booked = items.toReversed().map(({ kind, contract_id }) => [contract_id, kind.toLowerCase()]);
  expect(booked).toEqual(kinds.map(([contractId, kind]) => [contractId, kind === "place" ? "put" : kind]));
}

/** The kills have met the hand at work: it was asked, and had done what the dead agent could not write down. */
function expectVerified(events: readonly Event[]): void {
  const ofTheHand = events.filter(
    ({ type, stageId }) => type === "stage.verified" && /^(pick|place)-item$/.test(stageId ?? ""),
  );
  expect(ofTheHand.map(({ data }) => data["answer"])).toContain("done");
}
