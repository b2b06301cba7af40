import { createRequire } from "node:module";
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { createHttpServer } from "#cloud/io/http";
import type { Execution } from "#cloud/execution";
import { sha256Hex } from "#contract/io/node-crypto";
import type { Clock } from "#lib/clock";
import { assert } from "#lib/errors";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Starts the Chromium that `findService` has found. */
export function launch(executablePath: string | undefined): Promise<Browser> {
  assert(executablePath !== undefined, "skipped without Chromium");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}

/** A fleet page that is open, with what it complained of and asked for. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  readonly complaints: readonly string[];
  readonly requests: readonly string[];
  /** Goes to `#/path` of the page. */
  go(path: string): Promise<void>;
  /** Resolves when the page shows the fleet as it was at this moment of the cloud's clock, or later. */
  shows(atMs: number): Promise<void>;
}

/** Serves an execution over HTTP and opens its fleet page. */
export async function openFleetPage(
  browser: Browser,
  { execution, clock }: { readonly execution: Execution; readonly clock: Clock },
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const deps = { execution, clock, rng: createRng(1), log: silentLog, sha256: sha256Hex, version: "0.0.0" };
  const server = createHttpServer(deps);
  const url = await server.listen({ host: "127.0.0.1", port: 0 });
  const context = await browser.newContext({ bypassCSP: true, viewport: { width: 1400, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(url);
  await page.waitForSelector("[data-stream=open]", { state: "attached" });
  return {
    page,
    complaints,
    requests,
    go: async (path) => {
      await page.goto(`${url}/#/${path}`);
      await page.waitForSelector(`nav a[aria-current=page][href="#/${path.split("/")[0]}"], h2`);
    },
    shows: async (atMs) => void (await page.waitForSelector(`[data-at="${atMs}"]`, { state: "attached" })),
    async [Symbol.asyncDispose]() {
      await context.close();
      await server.close();
    },
  };
}

/** What axe objects to on the page as it is. */
export async function objectionsTo(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: AXE });
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}
