import { Worker } from "node:worker_threads";
import { typescriptFlags } from "#lib/node/typescript-flags";
import type { RouteAnswer, RoutePlanner, RouteRequest } from "#edge-planner/global/route-planner";
import type { Terrain } from "#edge-planner/global/traversal-cost";

/** What the planning worker is started with: shared memory that holds the number of the newest question. */
export interface PlanningWorkerConfig {
  readonly newest: Int32Array;
}

/** A question as it crosses to the worker: the place only when it is another one, and of the clearance only what changed. */
export interface PlanningQuestion {
  readonly question: number;
  readonly place?: Pick<Terrain, "map" | "footprint"> | undefined;
  readonly changes: { readonly cells: Int32Array; readonly clearance: Float32Array };
  readonly request: Omit<RouteRequest, "terrain">;
}

export interface PlanningAnswer {
  readonly question: number;
  readonly answer: RouteAnswer;
}

/**
 * Global planning in a thread of its own, so that no tick waits for it. Asking again cancels the plan under way. `onFailure` is called when
 * the thread ended by itself: nothing plans any more.
 */
export function startPlanningThread(onFailure: (thrown: unknown) => void): RoutePlanner & AsyncDisposable {
  const newest = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const worker = new Worker(new URL("./planning.worker.ts", import.meta.url), {
    workerData: { newest } satisfies PlanningWorkerConfig,
    execArgv: [...process.execArgv, ...typescriptFlags()],
  });
  let told: { readonly place: Terrain; readonly clearance: Float32Array } | undefined;
  let answered: PlanningAnswer | undefined;
  worker.on("message", (answer: PlanningAnswer) => {
    answered = answer;
  });
  worker.on("error", (thrown) => onFailure(thrown));

  return {
    ask({ terrain, ...request }) {
      const question = Atomics.add(newest, 0, 1) + 1;
      const isNew = told?.place.map !== terrain.map || told.place.footprint !== terrain.footprint;
      told = told && !isNew ? told : { place: terrain, clearance: terrain.map.clearance.slice() };
      const { map, footprint } = terrain;
      const changes = takeChanges(told.clearance, terrain.clearance);
      const asked: PlanningQuestion = { question, request, changes, ...(isNew && { place: { map, footprint } }) };
      worker.postMessage(asked);
      return question;
    },
    take(question) {
      if (answered?.question !== question) return undefined;
      const { answer } = answered;
      answered = undefined;
      return answer;
    },
    async [Symbol.asyncDispose]() {
      Atomics.add(newest, 0, 1);
      await worker.terminate();
    },
  };
}

/** The cells in which a clearance differs from the one told last, which is brought up to date. */
function takeChanges(told: Float32Array, now: Float32Array): PlanningQuestion["changes"] {
  const cells: number[] = [];
  for (let cell = 0; cell < now.length; cell++) {
    if (told[cell] === now[cell]) continue;
    told[cell] = now[cell]!;
    cells.push(cell);
  }
  return { cells: Int32Array.from(cells), clearance: Float32Array.from(cells, (cell) => now[cell]!) };
}
