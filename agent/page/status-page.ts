import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Log } from "#lib/log";
import { AgentError, messageOf } from "#lib/errors";
import { readSections } from "./sections.ts";
import type { ConsoleParts } from "../console/console-session.ts";

export interface StatusPageOptions {
  /** `host:port`; port 0 is one that the system chooses. */
  readonly listen: string;
  readonly parts: ConsoleParts;
  readonly log: Log;
}

export interface StatusPage extends AsyncDisposable {
  readonly url: string;
}

const ASSETS: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  "/": { file: "index.html", type: "text/html; charset=utf-8" },
  "/page.js": { file: "page.js", type: "text/javascript; charset=utf-8" },
  "/page.css": { file: "page.css", type: "text/css; charset=utf-8" },
};
const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Serves what the console's viewers see to browsers: `GET /` is the page, `GET /facts` what it shows. It changes nothing,
 * whoever asks. Rejects `config.port_in_use` or `config.invalid` when it can't listen there.
 */
export async function openStatusPage({ listen, parts, log }: StatusPageOptions): Promise<StatusPage> {
  const { host, port } = splitAddress(listen);
  const server = createServer((request, response) => {
    answer(request, response, { parts, host }).catch((thrown: unknown) => {
      log.error({ err: thrown }, "status page failed");
      response.destroy();
    });
  });
  await listening(server, host, port, listen);
  const url = `http://${host}:${(server.address() as AddressInfo).port}/`;
  log.info({ url }, "status page listens");
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  { method, url = "/", headers }: IncomingMessage,
  response: ServerResponse,
  { parts, host }: { readonly parts: ConsoleParts; readonly host: string },
): Promise<void> {
  const [path = "/"] = url.split("?");
  const asset = ASSETS[path];
  if (!isMeantForUs(headers.host, host)) return refuse(response, 421, "this page is not for another name");
  if (method !== "GET" && method !== "HEAD") return refuse(response, 405, "this page can only be read");
  if (path === "/facts") {
    const sections = await readSections(parts);
    return send(response, 200, "application/json; charset=utf-8", JSON.stringify({ v: 1, sections }));
  }
  if (!asset) return refuse(response, 404, "there are / and /facts");
  send(response, 200, asset.type, readFileSync(new URL(`assets/${asset.file}`, import.meta.url)));
}

/** A page of somebody else whose name resolves to this machine must not read it (DNS rebinding). */
function isMeantForUs(asked: string | undefined, host: string): boolean {
  if (!LOOPBACK.has(host)) return true;
  return LOOPBACK.has((asked ?? "").replace(/:\d+$/, ""));
}

function refuse(response: ServerResponse, status: number, why: string): void {
  send(response, status, "text/plain; charset=utf-8", `${why}\n`);
}

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.writeHead(status, { ...HEADERS, "content-type": type });
  response.end(body);
}

function splitAddress(listen: string): { host: string; port: number } {
  const [, host, port] = /^(\[[0-9a-f:]+\]|[^:]+):(\d{1,5})$/i.exec(listen) ?? [];
  if (host === undefined || Number(port) > 65_535) {
    throw new AgentError(
      "config.invalid",
      `statusPage.listen: "${listen}" should be HOST:PORT, such as 127.0.0.1:8088`,
    );
  }
  return { host, port: Number(port) };
}

function listening(server: Server, host: string, port: number, listen: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error: NodeJS.ErrnoException) => {
    const code = error.code === "EADDRINUSE" ? "config.port_in_use" : "config.invalid";
    reject(new AgentError(code, `statusPage.listen: the status page can't listen on ${listen}: ${messageOf(error)}`));
  });
  server.listen(port, host.replaceAll(/[[\]]/g, ""), resolve);
  return promise;
}
