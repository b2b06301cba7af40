import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import type { Sha256 } from "#contract/crypto";

const FOLDER = fileURLToPath(new URL("../web", import.meta.url));
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
};

/**
 * Answers `GET /` with the fleet page and `/page/…` with what it is made of: the files of `cloud/web/` as they are, and the two
 * libraries. Open to all, because there is nothing of the fleet in it: that is asked for with the reader's token.
 */
export function serveFleetPage(server: FastifyInstance, sha256: Sha256): void {
  const html = readFileSync(join(FOLDER, "index.html"), "utf8");
  const policy = contentPolicyOf(html, sha256);
  server.get("/", (_request, reply) =>
    reply
      .headers({ "content-type": "text/html; charset=utf-8", "content-security-policy": policy, ...ALWAYS })
      .send(html),
  );
  for (const [path, file] of assets()) {
    const content = readFileSync(file);
    const etag = `"${sha256(content.toString("latin1")).slice(0, 32)}"`;
    const headers = { "content-type": MEDIA_TYPES[extname(path)]!, etag, ...ALWAYS };
    server.get(`/page/${path}`, (request, reply) =>
      request.headers["if-none-match"] === etag
        ? reply.code(304).headers(headers).send()
        : reply.headers(headers).send(content),
    );
  }
}

/** Asked for anew each time, and answered with 304: who updates the cloud has the page that belongs to it. */
const ALWAYS = { "cache-control": "no-cache", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" };

/** Path below `/page/` and file of everything that the page loads. */
function assets(): readonly (readonly [path: string, file: string])[] {
  const own = readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
    .filter((name) => extname(name) in MEDIA_TYPES)
    .map((name) => [name.replaceAll("\\", "/"), join(FOLDER, name)] as const);
  const { resolve } = createRequire(import.meta.url);
  return [
    ...own,
    ["lib/preact.js", resolve("preact")],
    ["lib/preact-hooks.js", resolve("preact/hooks")],
    ["lib/htm.js", join(dirname(resolve("htm")), "htm.module.js")],
  ];
}

/** Everything comes from here; the one inline script, the import map, is allowed by its digest. */
function contentPolicyOf(html: string, sha256: Sha256): string {
  const map = /<script type="importmap">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? "";
  const digest = Buffer.from(sha256(map), "hex").toString("base64");
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${digest}'`,
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
