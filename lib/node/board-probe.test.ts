import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { createBoardProbe } from "./board-probe.ts";

function rootWith(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "board-"));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

describe("the probe of the board", () => {
  it("reads load, memory, pressure, disk and the hottest sensor", async () => {
    const root = rootWith({
      "proc/loadavg": "3.00 1.20 0.80 2/345 6789\n",
      "proc/meminfo": "MemTotal:        4000000 kB\nMemFree:           10000 kB\nMemAvailable:    1000000 kB\n",
      "proc/pressure/memory": "some avg10=12.50 avg60=1.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 total=0\n",
      "sys/class/thermal/thermal_zone0/temp": "41000\n",
      "sys/class/thermal/thermal_zone1/temp": "67500\n",
      "sys/class/thermal/cooling_device0/cur_state": "1\n",
    });
    const reading = await createBoardProbe({ dataDir: root, root }).read();
    expect(reading).toMatchObject({
      memoryAvailableBytes: 1_024_000_000,
      memoryPressure: 0.125,
      temperatureCelsius: 67.5,
    });
    expect(reading.loadPerCore).toBeCloseTo(3 / availableParallelism());
    expect(reading.diskFreeBytes).toBeGreaterThan(0);
  });

  it("leaves out what the machine can't tell", async () => {
    const root = rootWith({ "proc/loadavg": "not a number" });
    expect(await createBoardProbe({ dataDir: join(root, "nowhere"), root }).read()).toEqual({});
  });
});
