import axe from "axe-core";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assert } from "#lib/errors";
import { freePorts } from "../../bin/demo/free-ports.ts";
import { startSite, type Site } from "../integration/site.ts";
import { findService } from "./service.ts";

const chromiumPath = findService({ program: "chromium", install: "apt-get install chromium" });
const TABLET = { width: 1024, height: 768 };

describe.skipIf(chromiumPath === undefined)("the status page of an agent in Chromium", () => {
  let site: Site;
  let browser: Browser;
  let url: string;
  let contractId: string;

  beforeAll(async () => {
    assert(chromiumPath !== undefined, "skipped without Chromium");
    const [port] = await freePorts(1);
    url = `http://127.0.0.1:${port}/`;
    site = await startSite("fetch", {
      factor: 1,
      seed: 1,
      agentSettings: { statusPage: { listen: `127.0.0.1:${port}` } },
    });
    browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-gpu"] });
    contractId = await site.push();
    await site.events.find("a stage begins", ({ type }) => type === "stage.started");
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
  });

  it.each(["light", "dark"] as const)(
    "is readable for everybody (%s)",
    async (colorScheme) => {
      const context = await browser.newContext({ colorScheme, viewport: TABLET });
      const page = await context.newPage();
      await page.goto(url);
      await page.getByRole("heading", { name: "Stages" }).waitFor();
      // The page lets no script of others in but what the debugger evaluates.
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
      await context.close();
    },
    60_000,
  );

  it("follows the robot by itself, and says so when the agent is gone", async () => {
    const page = await browser.newPage({ viewport: TABLET });
    await page.goto(url);
    const stages = page.locator("section", { has: page.getByRole("heading", { name: "Stages" }) });
    await stages.getByText("go-to-rack").waitFor();
    await site.processes.client.command(contractId, "hold");
    await page.getByRole("banner").getByText("HOLD", { exact: true }).waitFor();
    await site.processes.stopAgent(site.deviceId);
    await page.getByText(/The agent does not answer since/).waitFor();
    expect(
      await page
        .getByRole("banner")
        .getByText(/does not answer/)
        .getAttribute("class"),
    ).toBe("bad");
    await page.close();
  }, 60_000);
});
