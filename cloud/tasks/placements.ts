import type { CloudContext } from "../context.ts";
import type { Assignment, Candidate } from "../core/planner.ts";
import type { OpenWork } from "./board.ts";

/** Work that is being given to devices: an answer may take as long as a device is patient, and nothing waits for it. */
export interface Placements {
  start(work: OpenWork, assignment: Assignment): void;
  /** The device, occupied while something is being given to it: when it will be free again depends on the answer. */
  seen(device: Candidate): Candidate;
}

/** `onEnded` is called whenever a device can be planned with again. */
export function createPlacements(context: CloudContext, onEnded: () => void): Placements {
  const taken = new Set<string>();
  return {
    start(work, assignment) {
      const { deviceId } = assignment;
      taken.add(deviceId);
      context.background("placing", async () => {
        try {
          await work.place(assignment);
        } finally {
          taken.delete(deviceId);
          onEnded();
        }
      });
    },
    seen(device) {
      if (!taken.has(device.deviceId)) return device;
      const { freeInSeconds: _unknown, ...rest } = device;
      return { ...rest, isFree: false };
    },
  };
}
