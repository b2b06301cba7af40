import { sleep, type Clock } from "#lib/clock";
import { WaitInputs } from "#contract/actions";
import type { Tool } from "./tool.ts";

/** Lets time pass. */
export function createWait(clock: Clock): Tool {
  return {
    async act({ stage }, signal) {
      const { seconds } = WaitInputs.parse(stage.inputs);
      try {
        await sleep(clock, seconds * 1000, signal);
        return { type: "done", output: { seconds } };
      } catch (thrown) {
        if (signal.aborted) return { type: "interrupted" };
        throw thrown;
      }
    },
    verify: () => Promise.resolve({ answer: "not-done" }),
  };
}
