import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { repeat, type Clock } from "#lib/clock";
import { AgentError, messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import { DeskMessage, type Answered, type Desk } from "../desk.ts";

export interface OperatorPageOptions {
  /** `host:port` of the loopback; port 0 is one that the system chooses. */
  readonly listen: string;
  readonly desk: Desk;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OperatorPage extends AsyncDisposable {
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
const JSON_TYPE = "application/json; charset=utf-8";
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;
/** A browser that hears nothing for longer knows that the agent is gone. */
const BEAT_MS = 5000;
const BODY_BYTES_MAX = 16_384;

/**
 * Serves the operator's screen to the browser on this device: `GET /` is the page, `GET /events` what it shows, as it changes
 * (server-sent events), `POST /tell` takes a `DeskMessage`. Rejects `config.port_in_use` when the address is taken.
 */
export async function openOperatorPage({ listen, desk, clock, log }: OperatorPageOptions): Promise<OperatorPage> {
  const server = createServer((request, response) => {
    answer(request, response, desk, clock).catch((thrown: unknown) => {
      log.error({ err: thrown }, "operator's page failed");
      response.destroy();
    });
  });
  const at = listen.lastIndexOf(":");
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error) => {
    reject(new AgentError("config.port_in_use", `operator.page: can't listen on ${listen}: ${messageOf(error)}`));
  });
  server.listen(Number(listen.slice(at + 1)), listen.slice(0, at).replaceAll(/[[\]]/g, ""), resolve);
  await promise;
  const url = `http://${listen.slice(0, at)}:${(server.address() as AddressInfo).port}/`;
  log.info({ url }, "operator's page listens");
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, desk: Desk, clock: Clock): Promise<void> {
  const { method, url = "/" } = request;
  if (!isOwnPage(request)) return send(response, 421, "text/plain", "this page is for the browser of this device\n");
  if (method === "GET" && url === "/events") return follow(response, desk, clock);
  if (method === "GET" && url === "/view") return send(response, 200, JSON_TYPE, JSON.stringify(desk.view()));
  if (method === "POST" && url === "/tell") {
    return send(response, 200, JSON_TYPE, JSON.stringify(await tell(request, desk)));
  }
  const asset = ASSETS[url];
  if (method !== "GET" || !asset) return send(response, 404, "text/plain", "there are /, /view, /events and /tell\n");
  send(response, 200, asset.type, readFileSync(new URL(`assets/${asset.file}`, import.meta.url)));
}

/** Pages of others, under their own or a borrowed name, may neither look at the screen nor press its buttons. */
function isOwnPage({ method, headers }: IncomingMessage): boolean {
  const { host = "", origin } = headers;
  const isOwn = LOOPBACK.test(host) && (origin === undefined || origin === `http://${host}`);
  return isOwn && (method === "GET" || headers["content-type"]?.startsWith("application/json") === true);
}

async function tell(request: IncomingMessage, desk: Desk): Promise<Answered> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > BODY_BYTES_MAX) return { ok: false, message: "That is too long." };
  }
  const message = DeskMessage.safeParse(parsed(text));
  if (!message.success) return { ok: false, message: "The device did not understand that. Load the page again." };
  try {
    return await desk.tell(message.data);
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    return { ok: false, message: `The device could not keep that: ${thrown.message}. Try again.` };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function follow(response: ServerResponse, desk: Desk, clock: Clock): void {
  response.writeHead(200, { ...HEADERS, "content-type": "text/event-stream" });
  let shown = "";
  const show = (isBeat: boolean): void => {
    const view = JSON.stringify(desk.view());
    if (view === shown && !isBeat) return;
    shown = view;
    response.write(`data: ${view}\n\n`);
  };
  const stopListening = desk.onChange(() => show(false));
  const stopBeating = repeat(clock, BEAT_MS, () => show(true));
  response.on("close", () => {
    stopListening();
    stopBeating();
  });
  show(true);
}

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.writeHead(status, { ...HEADERS, "content-type": type });
  response.end(body);
}
