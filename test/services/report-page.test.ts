import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assert } from "#lib/errors";
import { runRecorded } from "#sim/recorded-run";
import { writeReport, writeReportIndex } from "#sim/report-files";
import { loadScenario } from "#sim/scenario-file";
import { findService } from "./service.ts";

const chromiumPath = findService({ program: "chromium", install: "apt-get install chromium" });
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

const SCENARIO = `
name: crossing
title: Two robots cross a hall with something in it that no map shows
map: { empty: [-2, -4, 14, 6] }
obstacles:
  - circle: [5.0, 0.2, 0.4]
people:
  - { path: [[9, -3], [9, 3]], speed: 0.8 }
robots:
  - { id: amr-07, profile: amr-sim, pose: [0, 0, 0], navigate: { to: [12, 0, 0], tolerance: 0.2 } }
  - { id: amr-08, profile: amr-sim, pose: [12, 4, 3.14], navigate: { to: [0, 4, 3.14], tolerance: 0.2 } }
network:
  - { at: 4s, for: 25s, partition: amr-07 }
until: 120s
expect:
  - { name: arrived, that: "contract('drive-amr-07').status == 'completed'" }
  - { name: short way, that: "robot('amr-08').distance < 9.0" }
`;

describe.skipIf(chromiumPath === undefined)("the page of a report, opened as a file in Chromium", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-report-"));
  let browser: Browser;
  let file: string;
  let endSeconds: number;

  beforeAll(async () => {
    assert(chromiumPath !== undefined, "skipped without Chromium");
    const scenario = join(folder, "crossing.yaml");
    writeFileSync(scenario, SCENARIO);
    const { record, simulation } = await runRecorded(loadScenario(scenario), { seed: 1, realMs: () => 0 });
    endSeconds = record.duration;
    file = writeReport(join(folder, "crossing"), record);
    writeReportIndex(folder, [{ folder: "crossing", label: "crossing", result: simulation.result }]);
    browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-gpu"] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  /** Opens a page and keeps what it complained of and asked for. */
  async function open(address: string, options: BrowserContextOptions = {}) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(address);
    return { page, complaints, requests, [Symbol.asyncDispose]: () => context.close() };
  }
  async function openReport(moment = "", options: BrowserContextOptions = {}) {
    const opened = await open(`${pathToFileURL(file).href}${moment}`, options);
    await opened.page.waitForSelector("html[data-state=ready]");
    return opened;
  }
  function factOf(page: Page, robot: number, name: string): Promise<string> {
    return page.locator("[data-robot]").nth(robot).locator(`[data-fact="${name}"]`).innerText();
  }
  const timeOf = async (page: Page): Promise<number> => Number(await page.locator("#time").inputValue());
  const pictureOf = (page: Page): Promise<string> =>
    page.locator("#moving-map").evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL());

  it("asks for nothing but itself and complains of nothing", async () => {
    await using opened = await openReport();
    expect(opened.complaints).toEqual([]);
    expect(opened.requests.filter((url) => !url.startsWith("data:"))).toEqual([pathToFileURL(file).href]);
  });

  it("shows another moment when the slider moves: places, picture, and what the cloud knows", async () => {
    await using opened = await openReport();
    const { page } = opened;
    const [placeBefore, pictureBefore] = [await factOf(page, 0, "place"), await pictureOf(page)];
    await page.locator("#time").fill("22");
    expect(await factOf(page, 0, "place")).not.toBe(placeBefore);
    expect(await pictureOf(page)).not.toBe(pictureBefore);
    expect(await factOf(page, 0, "cloud")).toBe("projected");
    expect(await factOf(page, 1, "cloud")).toBe("live");
    expect(await factOf(page, 0, "gate")).toMatch(/pass|clip|stop/);
    expect(await page.locator("#time").getAttribute("aria-valuetext")).toContain("0:22.0 of");
  });

  it("is played and searched with the keyboard alone", async () => {
    await using opened = await openReport();
    const { page } = opened;
    await page.keyboard.press("ArrowRight");
    expect(await timeOf(page)).toBe(1);
    await page.keyboard.press("Shift+ArrowRight");
    expect(await timeOf(page)).toBe(11);
    await page.keyboard.press("End");
    expect(await timeOf(page)).toBeCloseTo(endSeconds);
    await page.keyboard.press("Home");
    await page.keyboard.press("n");
    const first = await timeOf(page);
    expect(first).toBeGreaterThan(0);
    await page.keyboard.press("Space");
    await expect.poll(() => timeOf(page)).toBeGreaterThan(first);
    await page.keyboard.press("Space");
    expect(await page.locator("#play").innerText()).toBe("Play");
  });

  it("leads from a missed expectation to its moment", async () => {
    await using opened = await openReport();
    const { page } = opened;
    const link = page.locator(".expectations .missed a");
    expect(await link.innerText()).toMatch(/^lost at 0:\d\d, amr-08$/);
    await link.click();
    const t = await timeOf(page);
    expect(t).toBeGreaterThan(5);
    expect(await page.locator("[data-log] [aria-current]").innerText()).toContain("expectation lost: short way");
  });

  it("opens at the moment that its address names", async () => {
    await using opened = await openReport("#t=7.5");
    expect(await timeOf(opened.page)).toBe(7.5);
  });

  it("zooms in on the robot in focus", async () => {
    await using opened = await openReport("#t=10");
    const { page } = opened;
    const viewBox = (): Promise<string | null> => page.locator("#still-map").getAttribute("viewBox");
    const [, , whole] = (await viewBox())!.split(" ").map(Number);
    await page.keyboard.press("+");
    const [x, , half] = (await viewBox())!.split(" ").map(Number);
    expect(half).toBeCloseTo(whole! / 2);
    await page.locator("#focus").selectOption("1");
    expect(Number((await viewBox())!.split(" ")[0])).not.toBe(x);
  });

  it.each(["light", "dark"] as const)("leaves axe nothing to object to (%s)", async (colorScheme) => {
    await using opened = await openReport("#t=22", { colorScheme, bypassCSP: true });
    expect(await objectionsTo(opened.page)).toEqual([]);
  });

  it("fits on a telephone without scrolling sideways", async () => {
    await using opened = await openReport("", { viewport: { width: 390, height: 800 } });
    const width = await opened.page
      .locator("html")
      .evaluate((html) => (html as unknown as { scrollWidth: number }).scrollWidth);
    expect(width).toBeLessThanOrEqual(390);
  });

  it("is led to by the index of several runs", async () => {
    await using opened = await open(pathToFileURL(join(folder, "index.html")).href, { bypassCSP: true });
    const { page } = opened;
    expect(await objectionsTo(page)).toEqual([]);
    await page.getByRole("link", { name: "crossing" }).click();
    await page.waitForSelector("html[data-state=ready]");
    expect(await page.locator("h1").innerText()).toContain("Two robots cross a hall");
  });

  async function objectionsTo(page: Page): Promise<string[]> {
    await page.addScriptTag({ path: AXE });
    const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  }
});
