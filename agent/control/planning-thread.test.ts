import { expect, it, vi } from "vitest";
import { drawPlace, drawRoom } from "#edge-planner/drawn-place";
import { makeFootprint } from "#edge-planner/footprint";
import { answerRequest, createGrounds, type RouteRequest } from "#edge-planner/global/route-planner";
import { mapFromOccupancy } from "#edge-planner/planning-map";
import { startPlanningThread } from "./planning-thread.ts";

const place = drawPlace(drawRoom(100, 60), 0.1);
const map = mapFromOccupancy(place, place.occupancy);
const footprint = makeFootprint([
  [-0.3, -0.2],
  [0.3, -0.2],
  [0.3, 0.2],
  [-0.3, 0.2],
]);

function request(clearance: Float32Array): RouteRequest {
  const [start, goal] = [
    { x: 2, y: 3, yaw: 0 },
    { x: 8, y: 3, yaw: 0 },
  ];
  return { terrain: { map, clearance, footprint }, start, goal, preference: "any", wanted: { kind: "way" } };
}

it("answers from its own thread as a plan on this one does, with what was observed in between", async () => {
  await using planner = startPlanningThread((thrown) => {
    throw thrown;
  });
  const clearance = map.clearance.slice();
  for (const row of [0, 25, 30]) {
    clearance[row * map.width + 50] = 0;
    const question = planner.ask(request(clearance));
    const answer = await vi.waitUntil(() => planner.take(question), { timeout: 20_000 });
    expect(answer).toEqual(answerRequest(createGrounds(), request(clearance)));
  }
});

it("gives up what it was asked before, and answers the newest question only", async () => {
  await using planner = startPlanningThread((thrown) => {
    throw thrown;
  });
  const earlier = planner.ask(request(map.clearance));
  const newest = planner.ask(request(map.clearance));
  await vi.waitUntil(() => planner.take(newest), { timeout: 20_000 });
  expect(planner.take(earlier)).toBeUndefined();
});
