import type { DeviceProfile } from "#agent/profile";
import { decodeOccupancy } from "#contract/occupancy-grid";
import { observeAll } from "./observer.ts";
import { createRecorder, unmappedOf, type Setting } from "./recorder.ts";
import type { RunRecord } from "./record.ts";
import type { LoadedScenario } from "./scenario-file.ts";
import { parametersText } from "./scenario-matrix.ts";
import { simulate, type Simulation, type SimulationOptions } from "./simulate.ts";
import { prepareTerrain } from "./world/space/terrain.ts";

/** Runs a loaded scenario in virtual time and records it for a report. */
export async function runRecorded(
  loaded: LoadedScenario,
  options: Pick<SimulationOptions, "seed" | "realMs" | "observer" | "onSlice">,
): Promise<{ simulation: Simulation; record: RunRecord }> {
  const recorder = createRecorder(settingOf(loaded, options.seed));
  const observer = options.observer ? observeAll([recorder, options.observer]) : recorder;
  const simulation = await simulate(loaded, { ...options, observer });
  const { result, world } = simulation;
  const truths = new Map(
    loaded.scenario.robots.map(({ id }) => [id, { metrics: world.metrics(id), track: world.track(id) }]),
  );
  const { expectations } = result;
  return { simulation, record: recorder.finish({ unjudged: result, expectations, truths, startMs: 0 }) };
}

/** What a report knows of a scenario before it runs. */
export function settingOf(loaded: LoadedScenario, seed: number): Setting {
  const { scenario, parameters = {}, map, zones, profiles, contracts } = loaded;
  const title = [scenario.title ?? scenario.name, parametersText(parameters)].filter(Boolean).join(", ");
  const drafts = contracts.map(({ draft }) => draft);
  const spatial = drafts.map((draft) => draft.spatial);
  return {
    scenario: scenario.name,
    title,
    seed,
    map: "png" in map ? decodeOccupancy(map) : prepareTerrain(map).grid,
    zones: uniqueById([...zones, ...spatial.flatMap((place) => place.zones)]),
    landmarks: uniqueById(spatial.flatMap((place) => place.landmarks)),
    unmapped: unmappedOf(scenario.obstacles),
    contracts: drafts,
    expected: scenario.expect,
    robots: scenario.robots.map(({ id }) => robotOf(id, profiles.get(id)!)),
  };
}

function robotOf(id: string, { footprint, cleaner }: DeviceProfile): Setting["robots"][number] {
  return { id, footprint, ...(cleaner && { tool: cleaner.tool }) };
}

function uniqueById<Item extends { readonly id: string }>(items: readonly Item[]): Item[] {
  return [...new Map(items.map((item) => [item.id, item])).values()];
}
