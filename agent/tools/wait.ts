import { z } from "zod";
import { sleep, type Clock } from "#lib/clock";
import { WaitInputs } from "#contract/actions";
import type { Tool } from "./tool.ts";

/** How often a long wait says how much of it is over. */
const SAVE_EVERY_MS = 30_000;

/** Lets time pass; after a restart or a hold, what is left of it. */
export function createWait(clock: Clock): Tool {
  return {
    async act(request, signal) {
      const { seconds } = WaitInputs.parse(request.stage.inputs);
      const { waitedMs } = Waited.parse(request.checkpoint);
      try {
        for (let waited = waitedMs; waited < seconds * 1000;) {
          const next = Math.min(SAVE_EVERY_MS, seconds * 1000 - waited);
          await sleep(clock, next, signal);
          waited += next;
          if (waited < seconds * 1000) request.save?.({ waitedMs: waited });
        }
        return { type: "done", output: { seconds } };
      } catch (thrown) {
        if (signal.aborted) return { type: "interrupted" };
        throw thrown;
      }
    },
    verify: () => Promise.resolve({ answer: "not-done" }),
  };
}

/** What a wait saves; without it, all of it is still to come. */
const Waited = z.looseObject({ waitedMs: z.number().min(0) }).catch({ waitedMs: 0 });
