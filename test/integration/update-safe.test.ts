import { expect, test } from "vitest";
import { join } from "node:path";
import { sleep } from "#lib/clock";
import { createSystemClock } from "#lib/node/system-clock";
import { holdfast } from "./command-run.ts";
import { startSite, type Site } from "./site.ts";

const FACTOR = 4;
const real = createSystemClock();

test("an update may start while the robot charges without work, and not while it works or does not run", async () => {
  await using site = await startSite("fetch", { factor: FACTOR, seed: 1 });
  const { processes, deviceId } = site;
  expect(await answerOnceSafe(site)).toEqual({ code: 0, stdout: "an update may start now\n", stderr: "" });

  await site.push();
  await site.events.next("the first drive", ({ type }) => type === "stage.started");
  const working = await check(site);
  expect(working.code).toBe(1);
  expect(working.stdout).toMatch(/^no update now: the robot has contract fetch .*: let it end, or release it$/m);

  await processes.killAgent(deviceId);
  const dead = await check(site, ["--json"]);
  expect(dead.code).toBe(1);
  const { updateSafe, reasons } = JSON.parse(dead.stdout) as { updateSafe: boolean; reasons: string[] };
  expect(updateSafe).toBe(false);
  expect(reasons).toEqual([
    expect.stringMatching(/^the agent does not run: /),
    expect.stringMatching(/^the robot has contract fetch /),
  ]);
});

type Answer = Awaited<ReturnType<typeof holdfast>>;

function check({ processes, deviceId }: Site, options: readonly string[] = []): Promise<Answer> {
  const config = join(processes.folder, `${deviceId}.yaml`);
  return holdfast(["agent", "--config", config, "--check-update-safe", ...options]);
}

/** Right after its start, an agent has not heard of all of its devices. */
async function answerOnceSafe(site: Site): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    const answer = await check(site);
    if (answer.code === 0 || tries === 10) return answer;
    await sleep(real, 500);
  }
}
