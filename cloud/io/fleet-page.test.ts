import { expect, it } from "vitest";
import { sha256Hex } from "#contract/io/node-crypto";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { startCloudFixture } from "../cloud-fixture.ts";
import { createHttpServer } from "./http.ts";

async function serve() {
  const cloud = await startCloudFixture();
  const deps = { execution: cloud.cloud, clock: cloud.clock, rng: createRng(1), log: silentLog, sha256: sha256Hex };
  const server = createHttpServer({ ...deps, version: "0" });
  const get = (url: string, headers: Record<string, string> = {}) => server.inject({ method: "GET", url, headers });
  return {
    get,
    async [Symbol.asyncDispose]() {
      await server.close();
      await cloud[Symbol.asyncDispose]();
    },
  };
}

/** What a page or module asks for, as paths below the cloud's address. */
function askedBy(path: string, text: string): string[] {
  // Types are imported in comments, and are nothing that a browser asks for.
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "");
  const names = [...code.matchAll(/(?:src|href)="(\.\/[^"]+)"|"(\.\/page\/[^"]+)"|from "(\.{1,2}\/[^"]+)"/g)];
  return names.map(
    ([, linked, mapped, imported]) => new URL((linked ?? mapped ?? imported)!, `http://x${path}`).pathname,
  );
}

it("serves the page with every module that it is made of, and nothing from elsewhere", async () => {
  await using page = await serve();
  const index = await page.get("/");
  expect(index.headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(index.body).not.toMatch(/https?:/);
  const API = new Set(["/devices", "/contracts", "/exceptions"]);
  const asked = askedBy("/", index.body).filter((path) => !API.has(path));
  const served = new Map<string, string>();
  while (asked.length > 0) {
    const path = asked.pop()!;
    if (served.has(path)) continue;
    const answer = await page.get(path);
    expect([path, answer.statusCode]).toEqual([path, 200]);
    served.set(path, answer.body);
    if (!path.startsWith("/page/lib/")) asked.push(...askedBy(path, answer.body));
  }
  expect([...served.keys()]).toEqual(
    expect.arrayContaining(["/page/style.css", "/page/app.js", "/page/lib/preact.js"]),
  );
});

it("allows scripts of its own only, the import map by its digest", async () => {
  await using page = await serve();
  const policy = String((await page.get("/")).headers["content-security-policy"]);
  expect(policy).toMatch(/script-src 'self' 'sha256-[\w+/]{43}='/);
  expect(policy).toContain("default-src 'none'");
});

it("answers 304 to who has a file already", async () => {
  await using page = await serve();
  const { etag } = (await page.get("/page/app.js")).headers;
  expect((await page.get("/page/app.js", { "if-none-match": String(etag) })).statusCode).toBe(304);
});
