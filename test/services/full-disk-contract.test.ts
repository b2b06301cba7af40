import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { expectAgreement } from "../integration/journals.ts";
import { startSite } from "../integration/site.ts";
import { fillUp } from "./fill-up.ts";
import { withoutHand } from "./patrol.ts";
import { canCutPower, makeDisk, mountDisk } from "./power-cut/small-disk.ts";

/** Simulated seconds per real second. */
const FACTOR = 4;
const MEGABYTES = 24;

describe.skipIf(!canCutPower())("an agent at work whose disk others fill to the last block", () => {
  it("finishes its contract, starts again on the full disk and finishes another, and loses no event", async () => {
    const folder = mkdtempSync("/var/tmp/holdfast-full-disk-");
    const mounted = join(folder, "mounted");
    try {
      makeDisk(join(folder, "disk"), MEGABYTES);
      using _ = mountDisk(join(folder, "disk"), mounted);
      await using site = await startSite("fetch", { factor: FACTOR, seed: 1 });
      const { processes, deviceId, draft, events } = site;
      await events.find("the agent is online", ({ type }) => type === "link.changed");
      await processes.stopAgent(deviceId);
      const dataDir = join(processes.folder, deviceId);
      cpSync(dataDir, mounted, { recursive: true });
      rmSync(dataDir, { recursive: true });
      symlinkSync(mounted, dataDir);
      processes.startAgent(deviceId);

      const first = await site.push();
      await events.find("it drives", ({ type, stageId }) => type === "stage.started" && stageId === "go-to-rack");
      const others = fillUp(mounted);
      expect(await site.end(first)).toBe("completed");

      await processes.stopAgent(deviceId);
      processes.startAgent(deviceId);
      const second = await site.push(withoutHand(draft));
      expect(await site.end(second)).toBe("completed");

      rmSync(others);
      const third = await site.push(withoutHand(draft));
      expect(await site.end(third)).toBe("completed");
      await expectAgreement(site);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
