import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openPinKeeper } from "#agent/console/doors/pin-keeper";
import { sleep } from "#lib/clock";
import { silentLog } from "#lib/log";
import { createSystemClock } from "#lib/node/system-clock";
import { canOpenPtys } from "./pty.ts";
import { startSite } from "./site.ts";
import { openSlowLine } from "./slow-line.ts";

const PIN = "4711";
/** The prompt at the end of what came. */
const PROMPT = /[\w-]+ [A-Z]+[>#] $/;

describe.skipIf(!canOpenPtys)("the console on a serial line of 115200 Bd", () => {
  it("shows a technician the work, keeps out who has no PIN, and holds and resumes", { timeout: 180_000 }, async () => {
    await using line = await openSlowLine(115_200);
    const pins = await pinsOf(PIN);
    const agentSettings = { console: { serial: { path: line.path }, pins } };
    await using site = await startSite("fetch", { factor: 3, seed: 1, agentSettings });
    const say = async (keys: string, answer: RegExp = PROMPT): Promise<{ ms: number; text: string }> => {
      const shown = line.shows(answer);
      line.type(`${keys}\r`);
      return shown;
    };
    /** On a busy machine the motion loop may fall silent for a moment, and then nothing is resumed. */
    const resumeWhenWell = async (): Promise<{ text: string }> => {
      for (;;) {
        const answer = await say("resume", /type \w{4} to go on: $|ERR safety[^]*# $/);
        if (!answer.text.includes("ERR safety")) return answer;
        await sleep(site.clock, 1000);
      }
    };
    await line.shows(PROMPT, 0);
    await say("hold", /ERR denied[^\n]*\r\n/);
    for (const guess of ["0000", "1111", "2222"]) {
      await say("login technician", /PIN: $/);
      await say(guess);
    }
    const isLocked = await say("login");
    expect(isLocked.text).toContain("ERR locked");

    let answer = await say("login", /PIN: $|ERR locked[^\n]*\n[^]*> $/);
    while (answer.text.includes("ERR locked")) {
      await sleep(site.clock, 5000);
      answer = await say("login", /PIN: $|ERR locked[^\n]*\n[^]*> $/);
    }
    expect((await say(PIN)).text).toContain("you are technician");
    const contractId = await site.push();
    await site.events.find("a stage begins", ({ type }) => type === "stage.started");

    expect((await say("status", /OK\r\n/)).text).toContain("contract  fetch");
    await say("stage");
    const { text: map } = await say("map");
    expect(map).toMatch(/\|[ #?x*o]*[<>^v][ #?x*o]*\|/);
    await say("events -n 3 -f --level info", /stage\.progress/);
    await say("", /OK\r\n[^]*[>#] $/);

    await say("hold somebody stands in the way", /OK\r\n[^]*# $/);
    await site.status(contractId, "held");
    const { text: asked } = await resumeWhenWell();
    await say("nope", /ERR not_confirmed/);
    expect(asked).toContain("the robot will move");
    const { text: again } = await resumeWhenWell();
    await say(/type (\w{4}) to/.exec(again)![1]!, /OK\r\n/);
    await site.status(contractId, "running");
    await say("status");

    const actions = site.events.items.filter(({ type }) => type === "console.action");
    expect(actions.map(({ data }) => `${String(data["command"])}: ${String(data["result"])}`)).toEqual([
      "login technician: wrong",
      "login technician: wrong",
      "login technician: wrong",
      "login technician: done",
      "hold somebody stands in the way: done",
      "resume: done",
    ]);
    expect(line.screen()).not.toContain(PIN);
  });
});

/** A file with the hash of this PIN. */
async function pinsOf(pin: string): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), "holdfast-pins-")), "pins.json");
  await openPinKeeper({ path, clock: createSystemClock(), log: silentLog }).setPin("technician", pin);
  return path;
}
