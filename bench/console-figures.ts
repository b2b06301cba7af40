import { setTimeout as wait } from "node:timers/promises";
import { openSlowLine } from "../test/integration/slow-line.ts";
import type { Chapter } from "./measurements-page.ts";
import { startRealSite } from "./real-site.ts";

const BAUD_RATE = 115_200;
const TRIES = 50;
const APART_MS = 200;
const WARM_TRIES = 3;

/** How long a technician on a serial line waits for `status` while the robot works. */
export async function measureConsole(): Promise<Chapter> {
  await using line = await openSlowLine(BAUD_RATE);
  await using site = await startRealSite(undefined, { console: { serial: { path: line.path } } });
  await site.push();
  await site.firstMotion();
  const samples: number[] = [];
  for (let number = -WARM_TRIES; number < TRIES; number++) {
    const shown = line.shows(/OK\r\n/);
    line.type("status\r");
    const { ms } = await shown;
    if (number >= 0) samples.push(ms);
    await wait(APART_MS);
  }
  return {
    title: "The console on a serial line",
    figures: [
      {
        what: "`status`, from the key to the last byte of the answer",
        unit: "ms",
        samples,
        better: "lower",
        goal: { of: "p99", limit: 100 },
        how: `${TRIES} times while it drives the warehouse contract, ${BAUD_RATE} Bd on a throttled pseudo-terminal`,
      },
    ],
    remarks: [],
  };
}
