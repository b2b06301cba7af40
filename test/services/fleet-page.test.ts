import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { draftFor, startCloudFixture } from "#cloud/cloud-fixture";
import { raise } from "#cloud/exceptions";
import type { DeviceView } from "#cloud/views";
import { timestamp } from "#lib/clock";
import { loadScenario } from "#sim/scenario-file";
import { simulate } from "#sim/simulate";
import type { Site } from "#sim/site";
import type { VirtualClock } from "#lib/virtual-clock";
import { launch, objectionsTo, openFleetPage, type OpenPage } from "./page-rig.ts";
import { findService } from "./service.ts";

const chromiumPath = findService({ program: "chromium", install: "apt-get install chromium" });
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ROBOT = "amr-07";

/** With `HOLDFAST_DRAW=1` the pictures of `docs/` are made anew. */
async function picture(page: Page, name: string): Promise<void> {
  if (process.env["HOLDFAST_DRAW"] === "1") await page.screenshot({ path: join(ROOT, "docs", `${name}.png`) });
}

/** What the map shows of the robot. */
interface Sign {
  readonly mode: string;
  readonly x: number;
  readonly y: number;
  readonly sigma: number;
  readonly radius: number;
  readonly miss: number | undefined;
}

async function signOf(page: Page): Promise<Sign | undefined> {
  const robot = page.locator(`g[data-device="${ROBOT}"]`);
  if ((await robot.count()) === 0) return undefined;
  return robot.evaluate((element) => {
    const group = element as unknown as {
      getAttribute(name: string): string;
      querySelector(name: string): typeof group | null;
    };
    const sigma = group.querySelector(".sigma");
    const miss = group.querySelector(".snap")?.getAttribute("data-miss");
    return {
      mode: group.getAttribute("data-mode"),
      x: Number(group.getAttribute("data-x")),
      y: Number(group.getAttribute("data-y")),
      sigma: Number(sigma?.getAttribute("data-sigma") ?? 0),
      radius: Number(sigma?.getAttribute("r") ?? 0),
      miss: miss === null || miss === undefined ? undefined : Number(miss),
    };
  });
}

describe.skipIf(chromiumPath === undefined)("the fleet page in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch(chromiumPath);
  });
  afterAll(async () => browser?.close());

  it("shows the demo: a ghost appears when the link is gone, grows, and snaps to where the robot is when it is back", async () => {
    const seen: Sign[] = [];
    const told: DeviceView[] = [];
    const objections: string[] = [];
    let running: { readonly site: Site; readonly clock: VirtualClock } | undefined;
    let open: OpenPage | undefined;
    let returnedMs: number | undefined;

    async function look(virtualMs: number): Promise<void> {
      const { site, clock } = running!;
      const execution = site.cloud.execution();
      if (!execution || virtualMs % 1000 !== 0) return;
      if (!open) {
        open = await openFleetPage(browser, { execution, clock });
        await open.go(`fleet/${ROBOT}`);
        await open.page.waitForSelector("svg image", { state: "attached" });
        return;
      }
      if (virtualMs > 200_000 || (returnedMs !== undefined && virtualMs > returnedMs + 20_000)) return;
      await open.shows(Math.floor(clock.wallMs() / 1000) * 1000);
      const sign = await signOf(open.page);
      const view = execution.getDevice(ROBOT);
      if (!sign || !view.ok) return;
      seen.push(sign);
      told.push(view.value);
      const ghosts = seen.filter(({ mode }) => mode === "projected").length;
      if (ghosts === 15) await picture(open.page, "fleet-page-outage");
      if (sign.miss === undefined || returnedMs !== undefined) return;
      returnedMs = virtualMs;
      await picture(open.page, "fleet-page-return");
      await open.go("contracts/pick-4521");
      await open.page.waitForSelector(".reconciliation");
      objections.push(...(await objectionsTo(open.page)));
      await picture(open.page, "fleet-page-contract");
      await open.go("documents/SO/4521");
      await open.page.waitForSelector(".lifecycle");
      objections.push(...(await objectionsTo(open.page)));
      await open.go(`devices/${ROBOT}`);
      await open.page.getByText("reconciling").first().waitFor();
      objections.push(...(await objectionsTo(open.page)));
      await open.go(`fleet/${ROBOT}`);
    }
    const demo = loadScenario(join(ROOT, "config/scenarios/warehouse-pick.yaml"));
    // Back while the robot is still on its detour: the ghost, which knew nothing of the pallets, is then wrong by metres.
    const network = demo.scenario.network.map((fault) => ({ ...fault, for: 35_000 }));
    await simulate(
      { ...demo, scenario: { ...demo.scenario, network } },
      {
        seed: 1,
        realMs: () => 0,
        attend: (site, clock) => void (running = { site, clock }),
        onSlice: look,
      },
    );
    await open?.[Symbol.asyncDispose]();

    const first = seen.findIndex(({ mode }) => mode === "projected");
    const last = seen.findLastIndex(({ mode }) => mode === "projected");
    expect(seen.slice(0, first).every(({ mode, sigma }) => mode === "live" && sigma === 0)).toBe(true);
    const ghosts = seen.slice(first, last + 1);
    expect(ghosts.length).toBeGreaterThan(20);
    const sigmas = ghosts.map(({ sigma }) => sigma);
    expect(sigmas).toEqual(sigmas.toSorted((a, b) => a - b));
    expect(sigmas.at(-1)).toBeGreaterThan(sigmas[0]! + 1);
    expect(ghosts.at(-1)!.radius).toBeGreaterThan(ghosts[0]!.radius);
    const at = seen.findIndex(({ miss }) => miss !== undefined);
    const [ghost, back, view] = [ghosts.at(-1)!, seen[at]!, told[at]!];
    expect(back).toMatchObject({ mode: "live", sigma: 0 });
    const [x, y] = view.pose!.value;
    expect(Math.hypot(back.x - x, back.y - y)).toBeLessThan(0.02);
    expect(Math.hypot(back.x - ghost.x, back.y - ghost.y)).toBeGreaterThan(1);
    expect(objections).toEqual([]);
    expect(open!.complaints).toEqual([]);
    const origin = new URL(open!.page.url()).origin;
    expect(open!.requests.filter((url) => !url.startsWith(origin) && !url.startsWith("data:"))).toEqual([]);
  }, 300_000);

  it.each(["light", "dark"] as const)(
    "shows 500 devices, is searched with the keyboard, and leaves axe nothing (%s)",
    async (colorScheme) => {
      await using cloud = await startCloudFixture();
      const { clock } = cloud;
      const listDevices = (): DeviceView[] => Array.from({ length: 500 }, (_, n) => deviceView(n, clock.wallMs()));
      await using open = await openFleetPage(
        browser,
        { execution: { ...cloud.cloud, listDevices }, clock },
        { colorScheme },
      );
      const { page } = open;
      await page.waitForSelector("[data-row=amr-499]");
      expect(await page.locator("g.robot").count()).toBe(500);
      expect(await page.locator("g.robot.projected .sigma").count()).toBe(100);
      const before = await page.locator("g[data-device=amr-007]").getAttribute("data-x");
      for (let second = 0; second < 5; second++) await cloud.pass(1);
      await expect.poll(() => page.locator("g[data-device=amr-007]").getAttribute("data-x")).not.toBe(before);
      expect(await objectionsTo(page)).toEqual([]);
      await page.getByLabel("Find").focus();
      await page.keyboard.type("amr-04");
      expect(await page.locator("[data-row]").count()).toBe(10);
      await page.getByRole("link", { name: "amr-042" }).focus();
      await page.keyboard.press("Enter");
      await page.waitForSelector('tr[aria-current=true][data-row="amr-042"]');
      const viewBox = (): Promise<string | null> => page.locator(".map svg").getAttribute("viewBox");
      const whole = await viewBox();
      await page.locator(".map").focus();
      await page.keyboard.press("+");
      await expect.poll(viewBox).not.toBe(whole);
      await page.keyboard.press("0");
      await expect.poll(viewBox).toBe(whole);
    },
  );

  it("lets a supervisor resolve what waits, and hold a contract, from the queue", async () => {
    await using cloud = await startCloudFixture();
    const device = cloud.device(ROBOT);
    await device.connect();
    await cloud.pass(6);
    const pushed = await cloud.during(cloud.cloud.pushContract(draftFor(ROBOT)));
    const contractId = pushed.ok ? pushed.value.contractId : "";
    const exception = {
      code: "SHORT_PICK",
      severity: "HIGH",
      detail: "two of three",
      deviceId: ROBOT,
      contractId,
    } as const;
    await cloud.store.commit(raise(cloud, exception));
    await using open = await openFleetPage(browser, { execution: cloud.cloud, clock: cloud.clock });
    const { page } = open;
    await open.go("queue");
    await page.getByText("SHORT_PICK").waitFor();
    expect(await objectionsTo(page)).toEqual([]);
    await page.getByRole("button", { name: "Hold" }).click();
    await page.getByText("Hold: done").waitFor();
    await page.getByLabel("Your name").fill("Ada");
    await page.getByRole("button", { name: "Resolve" }).click();
    await page.getByText("Nothing waits for anybody.").waitFor();
    const { rows } = await cloud.cloud.listExceptions({ limit: 5 });
    expect(rows).toMatchObject([{ resolvedBy: "Ada" }]);
    await cloud.pass(1);
    expect(device.commands.map(({ type }) => type)).toEqual(["hold"]);
    await cloud.pass(60);
    await open.go("capacity");
    await page.getByText("Robots at work: 1").waitFor();
    expect(await objectionsTo(page)).toEqual([]);
  });
});

/** A generated device: every fifth is out of reach, the others walk. */
function deviceView(n: number, atMs: number): DeviceView {
  const seconds = atMs / 1000;
  const isLost = n % 5 === 4;
  const along = isLost ? 0 : (seconds * 0.3) % 10;
  return {
    deviceId: `amr-${String(n).padStart(3, "0")}`,
    mode: isLost ? "projected" : "live",
    source: isLost ? "projected" : "actual",
    lastHeardAt: timestamp(atMs),
    at: timestamp(atMs),
    ageSeconds: isLost ? 60 : 0,
    pose: { value: [(n % 25) * 4 + along, Math.floor(n / 25) * 4, 0], sigma: isLost ? 1 + (n % 7) : 0.1 },
    battery: { value: 0.5, sigma: 0.01 },
    actions: [],
    journal: { incarnation: "i", committedSeq: 1 },
    activeContract: null,
  };
}
