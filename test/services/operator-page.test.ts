import { createRequire } from "node:module";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCarrier } from "#agent/operator/carrier";
import { createDesk, type Desk } from "#agent/operator/desk";
import { openOperatorPage, type OperatorPage } from "#agent/operator/page/operator-page";
import type { ToolResult } from "#agent/core/situation";
import type { ToolRequest } from "#agent/tools/tool";
import type { ContractDraft } from "#contract/contract";
import { readContractFile } from "#contract/io/contract-file";
import { emptyDevice } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import { assert } from "#lib/errors";
import { createMemoryLog } from "#lib/log";
import { createSystemClock } from "#lib/node/system-clock";
import { findService } from "./service.ts";

const chromiumPath = findService({ program: "chromium", install: "apt-get install chromium" });
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const draft = readContractFile(
  new URL("../../config/contracts/pick-4711.yaml", import.meta.url).pathname,
) as ContractDraft;
const contract = { ...draft, contractId: "pick-4711" } as ToolRequest["contract"];
const SCREEN = { width: 360, height: 640 };

describe.skipIf(chromiumPath === undefined)("the operator's page in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    assert(chromiumPath !== undefined, "skipped without Chromium");
    browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-gpu"] });
  });
  afterAll(async () => browser?.close());

  it("takes a whole pick by touch, with a reload at each question, and the device offline", async () => {
    await using bench = await startBench(browser, "pick-item");
    const { page } = bench;
    await asks(page, "Scan location");
    await typeByTouch(page, "RACK-B-12");
    await says(page, "Wrong location: this is RACK-B-12. Go to rack-b-12.shelf-3");
    await bench.shoot("wrong-location");
    await page.reload();
    await says(page, "Wrong location");
    await typeByTouch(page, "RACK-B-12.SHELF-3");
    await reloadedAt(page, "Scan item");
    await typeByTouch(page, "SKU-1");
    await says(page, "Wrong item: this is SKU-1. Take SKU-7890");
    await typeByTouch(page, "4006381333931");
    await reloadedAt(page, "Scan or type lot");
    await typeByTouch(page, "L-1");
    await says(page, "Wrong lot: this is L-1.");
    await typeByTouch(page, "L-2207");
    await reloadedAt(page, "Enter quantity");
    await enterByTouch(page, "4");
    await says(page, "4 EA are too many. Take 3 EA");
    await bench.shoot("quantity");
    await enterByTouch(page, "2");
    await says(page, "2 EA are too few.");
    await page.getByRole("button", { name: "3", exact: true }).click();
    await page.reload();
    await expect.poll(() => page.locator("#entry").innerText()).toBe("3");
    await page.getByRole("button", { name: "OK" }).click();
    await reloadedAt(page, "Confirm pick");
    expect(await page.locator("#link").innerText()).toContain("offline");
    await bench.shoot("confirm");
    await page.getByRole("button", { name: "Confirm" }).click();
    expect(await bench.result).toMatchObject({ type: "done", output: { sku: "SKU-7890", quantity: 3, lot: "L-2207" } });
  });

  it("takes the pick from a scanner that is a keyboard, with nothing in focus", async () => {
    await using bench = await startBench(browser, "pick-item");
    const { page } = bench;
    const scan = async (code: string): Promise<void> => {
      await page.keyboard.type(code);
      await page.keyboard.press("Enter");
      // Some scanners end with CR and LF.
      await page.keyboard.press("Enter");
    };
    await asks(page, "Scan location");
    await scan("rack-b-12.shelf-3");
    await asks(page, "Scan item");
    await scan("]E04006381333932");
    await says(page, "The code was misread. Scan it again.");
    await scan("]C1010400638133393110L-2207");
    await asks(page, "Enter quantity");
    await scan("4006381333931");
    await says(page, "4006381333931 is a code.");
    await scan("3");
    await asks(page, "Confirm pick");
    await page.waitForTimeout(1000);
    await page.keyboard.press("Enter");
    expect(await bench.result).toMatchObject({ type: "done", output: { quantity: 3, lot: "L-2207" } });
  });

  it("reports a short pick with what was taken all the same", async () => {
    await using bench = await startBench(browser, "pick-item");
    const { page } = bench;
    await asks(page, "Scan location");
    await page.getByRole("button", { name: "Problem" }).click();
    await bench.shoot("problem");
    await page.getByRole("button", { name: "Not enough here" }).click();
    await enterByTouch(page, "2");
    expect(await bench.result).toMatchObject({ type: "done", output: { quantity: 2, problem: "short_pick" } });
    expect(bench.raised).toEqual(["short_pick"]);
  });

  it.each(["pick-item", "go-to-rack"])("leaves axe nothing to object to, and fits the screen (%s)", async (stageId) => {
    await using bench = await startBench(browser, stageId);
    const { page } = bench;
    await page.getByRole("button", { name: "Type it in" }).click();
    await bench.shoot(`typing-${stageId}`);
    await page.addScriptTag({ path: AXE });
    const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
    const width = await page
      .locator("html")
      .evaluate((html) => (html as unknown as { scrollWidth: number }).scrollWidth);
    expect(width).toBeLessThanOrEqual(SCREEN.width);
  });
});

const asks = (page: Page, title: string): Promise<void> =>
  expect.poll(() => page.locator("#title").innerText(), { timeout: 10_000 }).toBe(title);
const says = (page: Page, message: string): Promise<void> =>
  expect.poll(() => page.locator("#message").innerText(), { timeout: 10_000 }).toContain(message);

async function reloadedAt(page: Page, title: string): Promise<void> {
  await asks(page, title);
  await page.reload();
  await asks(page, title);
}

async function typeByTouch(page: Page, code: string): Promise<void> {
  await page.getByRole("button", { name: "Type it in" }).click();
  await enterByTouch(page, code);
}

async function enterByTouch(page: Page, text: string): Promise<void> {
  for (const key of text) await page.getByRole("button", { name: key, exact: true }).click();
  await page.getByRole("button", { name: "OK" }).click();
}

/** A desk at which one stage waits, its page, and a browser of the size of a handheld. */
async function startBench(browser: Browser, stageId: string) {
  const stack = new AsyncDisposableStack();
  const clock = createSystemClock();
  const stage = contract.stages.find((candidate) => candidate.stageId === stageId)!;
  const raised: string[] = [];
  const desk: Desk = stack.use(
    createDesk({
      clock,
      deviceId: "pda-03",
      journal: {
        state: stateOf,
        contract: () => contract,
        append: (events) => {
          for (const { data } of events) raised.push(String(Reflect.get(data, "code")));
          return Promise.resolve([]);
        },
        onAppended: () => () => undefined,
      },
      link: { isOnline: () => false },
      carrier: createCarrier(clock, { x: 0, y: 0, yaw: 0 }),
      uuid: () => "019a9c5e-0000-7000-8000-000000000001",
      senses: {
        view: () => ({
          sigmaXy: 0,
          speed: 0,
          driven: 0,
          zones: [],
          route: [],
          isLoaded: false,
          isOnline: false,
          tools: {},
        }),
      },
      order: () => Promise.resolve(),
    }),
  );
  const { log } = createMemoryLog();
  const served: OperatorPage = stack.use(await openOperatorPage({ listen: "127.0.0.1:0", desk, clock, log }));
  const request: ToolRequest = {
    key: `pick-4711/${stageId}/1`,
    stage,
    contract,
    permit: () => ({ ok: true, maxSpeed: 1 }),
  };
  const stop = new AbortController();
  const result: Promise<ToolResult> = desk.perform(request, stop.signal);
  const context = await browser.newContext({ viewport: SCREEN, bypassCSP: true });
  stack.defer(() => context.close());
  const page = await context.newPage();
  await page.goto(served.url);
  await page.waitForSelector("html[data-state=prompt]");
  const folder = process.env["HOLDFAST_SCREENSHOTS"];
  const shoot = async (name: string): Promise<void> => {
    if (folder !== undefined) await page.screenshot({ path: `${folder}/pda-${name}.png` });
  };
  return { page, result, raised, shoot, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function stateOf(): DeviceState {
  const stages = contract.stages.map(({ stageId, action }) => ({ stageId, action, status: "pending" }));
  const active = { contractId: "pick-4711", name: "pick-4711", status: "running", holds: [], stages, load: {} };
  return { ...emptyDevice("pda-03"), contracts: { "pick-4711": active } } as unknown as DeviceState;
}
