import type { Unjudged } from "#sim/expectations";
import { deviceResult } from "#sim/outcome";
import type { SimulationResult } from "#sim/result";
import type { LoadedScenario } from "#sim/scenario-file";
import type { SiteProcesses } from "./site-processes.ts";

/** The result of a run in real processes; it has no digest, because real processes never repeat exactly. */
export type RealResult = SimulationResult;

/** Asks cloud and world what became of the scenario, in the shape that expectations read. */
export async function resultOf(
  site: SiteProcesses,
  { scenario }: LoadedScenario,
  run: { readonly seed: number; readonly duration: number; readonly factor: number },
): Promise<Unjudged> {
  const names = scenario.robots.map(({ id }) => id);
  const contracts = await site.client.contracts();
  const devices = await Promise.all(
    names.map(async (id) => {
      const own = contracts.filter(({ deviceId }) => deviceId === id);
      const told = own.map((view) => ({
        ...view,
        stages: view.stages.map((stage) => ({ ...stage, ...stage.actual })),
      }));
      return deviceResult(id, await site.world.metrics(id), told);
    }),
  );
  return {
    scenario: scenario.name,
    seed: run.seed,
    digest: "",
    virtualSeconds: run.duration,
    wallSeconds: run.duration / run.factor,
    realTimeFactor: run.factor,
    devices,
    cloud: {
      modes: [],
      reconciliations: contracts.flatMap(({ deviceId, contractId, reconciliations }) =>
        reconciliations.map((report) => ({ deviceId, divergence: { ...report, contractId } })),
      ),
    },
  };
}
