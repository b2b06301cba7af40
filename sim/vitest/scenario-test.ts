import { fileURLToPath } from "node:url";
import { monotonicMs } from "#lib/node/system-clock";
import { runRecorded } from "../recorded-run.ts";
import { writeReport } from "../report-files.ts";
import { loadScenario, scenarioVariants } from "../scenario-file.ts";
import type { Parameters } from "../scenario-matrix.ts";
import { simulate } from "../simulate.ts";
import type { scenario as promised } from "./index.d.ts";

/** What `index.d.ts` promises to those who test with scenarios. */
export const scenario: typeof promised = (file) => {
  const path = file instanceof URL ? fileURLToPath(file) : file;
  return {
    variants: () => scenarioVariants(path),
    async run({ seed = 1, with: parameters, report } = {}) {
      const loaded = loadScenario(path, parameters as Parameters | undefined);
      const options = { seed, realMs: monotonicMs };
      if (report === undefined) return (await simulate(loaded, options)).result;
      const { simulation, record } = await runRecorded(loaded, options);
      writeReport(report, record);
      return simulation.result;
    },
  };
};
