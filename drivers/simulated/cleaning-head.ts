import type { Clock } from "#lib/clock";
import type { CleaningHead, Source } from "../driver.ts";
import type { DeviceLink } from "./device-link.ts";
import { createSource } from "./device.ts";

const STALE_MS = 5000;
const SWITCH_TIMEOUT_MS = 10_000;

/** What a cleaning head has switched on. */
export interface CleaningParts {
  readonly brush: boolean;
  readonly vacuum: boolean;
  readonly water: boolean;
}

/** A cleaning head whose parts can be switched one by one, and which tells what is on. All stop when it is disabled or closed. */
export interface SimulatedCleaningHead extends CleaningHead, Source<CleaningParts & { readonly atMs: number }> {
  /** Switches the parts; resolves when they are as asked. */
  set(parts: CleaningParts): Promise<void>;
}

/** The cleaning head at the other end of a link. */
export function simulatedCleaningHead(link: DeviceLink, clock: Clock): SimulatedCleaningHead {
  const source = createSource("cleaner", "cleaning", STALE_MS, link, clock);
  const set = ({ brush, vacuum, water }: CleaningParts): Promise<void> =>
    source.attempt(async () => {
      source.assertReachable();
      await link.request("cleaner", { type: "clean", brush, vacuum, water }, "done", SWITCH_TIMEOUT_MS);
    });
  return {
    ...source,
    set,
    start: (parts) =>
      set({ brush: parts.includes("brush"), vacuum: parts.includes("vacuum"), water: parts.includes("water") }),
    stop: () => set({ brush: false, vacuum: false, water: false }),
  };
}
