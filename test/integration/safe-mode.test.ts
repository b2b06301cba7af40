import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CRASHES_MAX } from "#agent/survival/start-record";
import { holdfast } from "./command-run.ts";
import { startSite } from "./site.ts";

const FACTOR = 4;

test("after a crash loop an agent keeps console and link, says why, and moves nothing", async () => {
  await using site = await startSite("fetch", { factor: FACTOR, seed: 1 });
  const { processes, deviceId } = site;
  await site.push();
  await site.events.next("the first drive", ({ type }) => type === "stage.started");
  await processes.killAgent(deviceId);
  const record = join(processes.folder, deviceId, "starts.json");
  expect(JSON.parse(readFileSync(record, "utf8"))).toEqual({ crashes: 0, isOpen: true });
  writeFileSync(record, JSON.stringify({ crashes: CRASHES_MAX, isOpen: false }));

  processes.startAgent(deviceId);
  const held = await site.events.next("the hold", ({ type }) => type === "contract.held");
  expect(held.data).toMatchObject({
    by: "safety",
    reason: expect.stringMatching(/safe mode after 5 starts/) as string,
  });
  const config = join(processes.folder, `${deviceId}.yaml`);
  const { stdout, code } = await holdfast(["console", "--config", config, "--exec", "status"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^state +SAFE$/m);
  expect((await processes.world.metrics(deviceId)).collisions).toEqual([]);
});
