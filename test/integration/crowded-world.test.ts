import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { crowdedDigest } from "./crowded-world.ts";

const PROGRAM = fileURLToPath(new URL("crowded-world.ts", import.meta.url));

it("plays a world with crowds, vehicles, doors and slip equally in every process", async () => {
  const inAnother = async (seed: number): Promise<string> =>
    (await promisify(execFile)(process.execPath, [PROGRAM, String(seed)])).stdout;
  const [here, there, again, other] = await Promise.all([crowdedDigest(5), inAnother(5), inAnother(5), inAnother(6)]);
  expect(there).toBe(here);
  expect(again).toBe(here);
  expect(other).not.toBe(here);
});
