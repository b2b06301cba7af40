import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { measureAgent, measureSmallAgent } from "./agent-figures.ts";
import { measureBoards } from "./board-figures.ts";
import { measureBuffering } from "./buffering-figures.ts";
import { measureCodecs } from "./codec-figures.ts";
import { measureConsole } from "./console-figures.ts";
import { measureComputing } from "./computing-figures.ts";
import { measureSimulatedDisk } from "./disk-figures.ts";
import { measureFeed } from "./feed-figures.ts";
import { measureFleet } from "./fleet-figures.ts";
import { measurementsPage, terminalLines, type Chapter } from "./measurements-page.ts";
import { measureMotion } from "./motion-figures.ts";
import { measureSerial } from "./serial-figures.ts";
import { measureTelemetry } from "./telemetry-figures.ts";
import { measureStages } from "./stage-figures.ts";
import { measureWorld } from "./world.ts";

const PAGE = fileURLToPath(new URL("../docs/measurements.md", import.meta.url));

/** `npm run bench`: measures what the documentation promises, prints it, and writes `docs/measurements.md`. */
async function main(): Promise<void> {
  const startedMs = performance.now();
  const loadBefore = loadavg();
  const chapters: Chapter[] = [];
  for (const measure of [
    measureAgent,
    measureSmallAgent,
    measureBoards,
    measureMotion,
    measureSerial,
    measureConsole,
    measureComputing,
    measureStages,
    measureTelemetry,
    measureBuffering,
    measureFeed,
    measureWorld,
    measureFleet,
    measureSimulatedDisk,
    measureCodecs,
  ]) {
    const measured = await measure();
    for (const chapter of [measured].flat()) {
      chapters.push(chapter);
      process.stdout.write(`${terminalLines(chapter).join("\n")}\n`);
    }
  }
  const seconds = (performance.now() - startedMs) / 1000;
  writeFileSync(PAGE, measurementsPage(chapters, { at: new Date().toISOString().slice(0, 16), loadBefore, seconds }));
  process.stdout.write(`${seconds.toFixed(0)} s; written to docs/measurements.md\n`);
}

await main();
