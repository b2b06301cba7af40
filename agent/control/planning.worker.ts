import { parentPort, workerData } from "node:worker_threads";
import { assert } from "#lib/errors";
import { answerRequest, createGrounds } from "#edge-planner/global/route-planner";
import type { PlanningAnswer, PlanningQuestion, PlanningWorkerConfig } from "./planning-thread.ts";

assert(parentPort, "the planning worker runs in a worker thread");
const port = parentPort;
const { newest } = workerData as PlanningWorkerConfig;
const grounds = createGrounds();
let place: PlanningQuestion["place"];
let clearance = new Float32Array();

port.on("message", (asked: PlanningQuestion) => {
  const { question, request, changes } = asked;
  if (asked.place) {
    place = asked.place;
    clearance = place.map.clearance.slice();
  }
  assert(place, "the first question brings the place with it");
  for (const [at, cell] of changes.cells.entries()) clearance[cell] = changes.clearance[at]!;
  const isCancelled = (): boolean => Atomics.load(newest, 0) !== question;
  // What was given up before it was looked at has its changes taken in all the same.
  if (isCancelled()) return;
  const answer = answerRequest(grounds, { ...request, terrain: { ...place, clearance } }, { isCancelled });
  if (answer) port.postMessage({ question, answer } satisfies PlanningAnswer);
});
