import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RobotTruth } from "#sim/world/robot";
import { distance } from "#lib/geometry";
import { canOpenPtys } from "./pty.ts";
import { startSite, type Site } from "./site.ts";

/** Of the profile: braking, a turn of the lidar, and what the motion loop takes to react. */
const [DECELERATION, SCAN_SECONDS, REACTION_SECONDS] = [1.2, 0.1, 0.3];
const LOOK_MS = 20;

let site: Site;
beforeAll(async () => {
  if (canOpenPtys) site = await startSite("serial-fetch", { factor: 1, seed: 1 });
}, 120_000);
afterAll(async () => {
  await site?.[Symbol.asyncDispose]();
});

const truth = (): Promise<RobotTruth> => site.processes.world.truth(site.deviceId);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The truth when it fits for the first time. */
async function when(fits: (now: RobotTruth) => boolean): Promise<RobotTruth> {
  for (;;) {
    const now = await truth();
    if (fits(now)) return now;
    await pause(LOOK_MS);
  }
}

const isDriving = ({ velocity }: RobotTruth): boolean => velocity.linear > 0.5;
const isStanding = ({ velocity }: RobotTruth): boolean => Math.abs(velocity.linear) < 0.01;

/** Pulls the plug of a part on the way, sees the robot stand and say why, and puts the plug back. */
async function loseOnTheWay(part: string, why: RegExp): Promise<{ readonly driven: number; readonly speed: number }> {
  const before = await when(isDriving);
  const said = site.events.next(
    `the safety stop for ${part}`,
    ({ type, data }) => type === "safety.changed" && why.test(String(data["reason"])),
  );
  await site.processes.world.plug(site.deviceId, part, "out");
  await said;
  const after = await when(isStanding);
  await pause(500);
  expect(isStanding(await truth())).toBe(true);
  await site.processes.world.plug(site.deviceId, part, "in");
  return { driven: distance(before.pose, after.pose), speed: before.velocity.linear };
}

describe.skipIf(!canOpenPtys)("a robot of serial parts, in real time", () => {
  it("fulfils the contract that a simulated robot fulfils, with the same outcome", async () => {
    const contractId = await site.push();
    expect(await site.end(contractId)).toBe("completed");
    const { world } = site.processes;
    const moved = (await world.movements()).map(({ kind, site: at, sku, quantity, handedOver }) => {
      return { kind, at, sku, quantity, ...(handedOver === undefined ? {} : { handedOver }) };
    });
    expect(moved).toEqual([
      { kind: "pick", at: "rack-b-12.shelf-3", sku: "SKU-7890", quantity: 1 },
      { kind: "place", at: "belt", sku: "SKU-7890", quantity: 1, handedOver: true },
    ]);
    expect((await world.metrics(site.deviceId)).collisions).toEqual([]);
  });

  it("stops where it is blind without its lidar, and for a battery it knows nothing of, and goes on by itself", async () => {
    const contractId = await site.push();
    const { driven, speed } = await loseOnTheWay("lidar", /ld19.*unplugged/);
    const stoppingDistance = speed ** 2 / (2 * DECELERATION) + speed * (SCAN_SECONDS + REACTION_SECONDS);
    expect(driven).toBeLessThan(stoppingDistance);
    await site.events.next("the item on board", ({ type, stageId }) => {
      return type === "stage.completed" && stageId === "pick-item";
    });
    await loseOnTheWay("battery", /jbd/);
    expect(await site.end(contractId)).toBe("completed");
  });

  it("is let go by the controllers of a base whose line is lost, and goes on when it is back", async () => {
    const contractId = await site.push();
    await loseOnTheWay("base", /vesc/);
    expect(await site.end(contractId)).toBe("completed");
    expect((await site.processes.world.metrics(site.deviceId)).collisions).toEqual([]);
  });
});
