import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { explorePowerCuts } from "./power-cut/explore.ts";
import { compileHelper, kill, makeDisk, canCutPower, mountDisk, startLoad } from "./power-cut/small-disk.ts";
import { Acknowledgements, wrongAfter, type Acknowledged } from "./power-cut/verdict.ts";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? 1);
const IMAGES = Number(process.env["HOLDFAST_IMAGES"] ?? 200);
/** So long one may take on a busy machine. */
const MS_PER_IMAGE = 300;
const CYCLES = 20;
const LOG_BYTES = 12_000_000;

describe.skipIf(!canCutPower())("the agent's store, when the power is cut", () => {
  it(
    `loses nothing acknowledged in ${IMAGES} disks with lost, torn and reordered writes (seed ${SEED})`,
    { timeout: 60_000 + IMAGES * MS_PER_IMAGE },
    async () => {
      const { failures } = await explorePowerCuts({ images: IMAGES, seed: SEED, bytes: LOG_BYTES, mode: "full" });
      expect(failures).toEqual([]);
    },
  );

  it("would lose events without waiting for the disk: these tests can fail", async () => {
    const { failures } = await explorePowerCuts({ images: 20, seed: SEED, bytes: LOG_BYTES / 4, mode: "normal" });
    expect(failures.join()).toContain("was acknowledged, the journal ends with");
  });

  it(`loses nothing acknowledged in ${CYCLES} shutdowns of its file system`, async () => {
    expect(await cutAgainAndAgain(CYCLES, "full")).toEqual([]);
  });

  it("would lose events in a shutdown without waiting for the disk", async () => {
    expect((await cutAgainAndAgain(6, "normal")).join()).toContain("was acknowledged");
  });
});

/** Writes, cuts the power, looks, and goes on with the same disk. Returns what was wrong. */
async function cutAgainAndAgain(cycles: number, mode: "full" | "normal"): Promise<string[]> {
  const folder = mkdtempSync("/var/tmp/holdfast-power-cut-");
  const [disk, mounted, acks] = [join(folder, "disk"), join(folder, "mounted"), join(folder, "acks")];
  try {
    const shutDown = compileHelper("shut-down", folder);
    makeDisk(disk, 64);
    writeFileSync(acks, "");
    const wrong: string[] = [];
    for (let cycle = 1; cycle <= cycles; cycle++) {
      {
        using _ = mountDisk(disk, mounted);
        const load = await startLoad(mounted, acks, mode);
        await wait(20 + ((cycle * 37) % 80));
        execFileSync(shutDown, [mounted]);
        await kill(load);
      }
      using _ = mountDisk(disk, mounted);
      wrong.push(...(await wrongAfter(mounted, acknowledgedIn(acks))).map((what) => `cycle ${cycle}: ${what}`));
    }
    return wrong;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function acknowledgedIn(file: string): Acknowledged {
  const bytes = readFileSync(file);
  const acknowledgements = new Acknowledgements();
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    acknowledgements.take(bytes.readUInt32LE(at), Number(bytes.readBigUInt64LE(at + 8)));
  }
  return acknowledgements.sofar();
}
