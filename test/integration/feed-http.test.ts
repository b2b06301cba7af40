import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { movementData } from "#contract/feed/example-movement";
import { createRng, type Rng } from "#lib/rng";
import { startFeedRig } from "./feed-rig.ts";

const MOVEMENTS = 300;
const TIMEOUT_MS = 400;

/** A server in front of a planner that fails six calls of ten: refuses, resets, stalls, and takes half of a batch. */
async function faultyFront(plannerUrl: string, rng: Rng): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    void answer(plannerUrl, rng, request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

async function answer(plannerUrl: string, rng: Rng, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const records = JSON.parse(Buffer.concat(chunks).toString()) as unknown[];
  const forward = async (some: readonly unknown[]): Promise<string> => {
    const { authorization = "" } = request.headers;
    const headers = { "content-type": "application/json", authorization };
    const taken = await fetch(plannerUrl + request.url!, { method: "POST", headers, body: JSON.stringify(some) });
    return taken.text();
  };
  const half = records.slice(0, Math.ceil(records.length / 2));
  switch (rng.integer(0, 15)) {
    case 0:
      return void response.writeHead(429, { "retry-after": "1" }).end();
    case 1:
      return void response.writeHead(429, { "retry-after": new Date(Date.now() + 1000).toUTCString() }).end();
    case 2:
      return void response.writeHead(503, { "content-type": "application/problem+json" }).end('{"title":"down"}');
    case 3:
      return void request.socket.destroy();
    case 4:
      await forward(records);
      return void request.socket.destroy();
    case 5:
      await forward(half);
      return void request.socket.destroy();
    case 6:
      return void response.writeHead(200).end(await forward(half));
    case 7:
      await forward(records);
      return;
    case 8:
      return void response.writeHead(200, { "content-length": "9999" }).write('{"results":[');
    default:
      return void response.writeHead(200, { "content-type": "application/json" }).end(await forward(records));
  }
}

it("feeds a planner over real HTTP that refuses, resets, stalls and takes halves: its ledger equals the journal", async () => {
  const rng = createRng("feed-http");
  await using rig = await startFeedRig({
    inFront: (plannerUrl) => faultyFront(plannerUrl, rng.fork("faults")),
    timeoutMs: TIMEOUT_MS,
  });
  const journal: string[] = [];
  for (let n = 1; n <= MOVEMENTS; n++) {
    // A serial belongs to one piece: the planner refuses two of it.
    const isWrong = n % 50 === 0;
    await rig.move(n, isWrong ? { serial: "S1", qty: 2 } : {});
    if (!isWrong) journal.push(movementData(n).correlation_id);
    if (rng.chance(1, 10)) await sleep(rng.integer(10, 300));
  }
  const isDone = (): boolean => rig.status().streams[0]!.position >= MOVEMENTS;
  for (let waitedMs = 0; waitedMs < 120_000 && !isDone(); waitedMs += 100) await sleep(100);

  expect([...(await rig.ledger())].sort()).toEqual(journal.sort());
  const [movements] = rig.status().streams;
  expect(movements!.deadLetters.map((letter) => letter.correlationId).sort()).toEqual(
    [50, 100, 150, 200, 250, 300].map((n) => movementData(n).correlation_id).sort(),
  );
  expect(movements).toMatchObject({ rejected: 6 });
});
