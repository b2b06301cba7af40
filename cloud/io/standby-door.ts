import { createServer } from "node:http";
import type { Log } from "#lib/log";
import { PROBLEM_MEDIA_TYPE } from "./route.ts";

const RETRY_AFTER_SECONDS = 2;

/**
 * What a process answers that waits to become the writing one: that it is alive, and for everything else 503, so that whoever
 * distributes requests sends them to the other. Closed when it is disposed of; the address is then free for the cloud itself.
 */
export function openStandbyDoor(
  { host, port }: { readonly host: string; readonly port: number },
  log: Log,
): AsyncDisposable {
  const server = createServer((request, response) => {
    if (request.url === "/healthz") {
      response.setHeader("content-type", "application/json").end(JSON.stringify({ status: "standing by" }));
      return;
    }
    const detail = "this process stands by while another one works; ask that one";
    const problem = { type: "unavailable", title: "standing by", status: 503, detail };
    response
      .writeHead(503, { "content-type": PROBLEM_MEDIA_TYPE, "retry-after": String(RETRY_AFTER_SECONDS) })
      .end(JSON.stringify(problem));
  });
  // The cloud itself will find the port taken, and say so in words.
  server.on("error", (err) => log.warn({ err }, "cannot answer while standing by"));
  server.listen(port, host);
  return {
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
