import { type Errand, runSeed } from "./run-seed.ts";

/** A process that runs the seeds which its parent names, one after the other, and tells what came of each. */
process.on("message", (errand) => {
  void runSeed(errand as Errand).then((report) => process.send?.(report));
});
