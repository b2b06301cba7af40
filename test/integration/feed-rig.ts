import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCloudFixture } from "#cloud/cloud-fixture";
import { AccessRules } from "#cloud/core/access";
import { startFeeds } from "#cloud/feeds";
import { createHttpServer } from "#cloud/io/http";
import { openSqliteStore } from "#cloud/io/sqlite-store";
import type { CloudStore } from "#cloud/io/store";
import type { Event } from "#contract/event";
import { movementData } from "#contract/feed/example-movement";
import { sha256Hex } from "#contract/io/node-crypto";
import { PlannerSink, type SinkStatus } from "#feed/planner-sink";
import { createJsonPoster } from "#lib/node/json-poster";
import { createSystemClock } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";
import { silentLog } from "#lib/log";

const TOKEN = "the-executor";
const WAREHOUSE = "wh-1";

/** A cloud's committed events on disk, the feed from them over real HTTP, and a planner that is another cloud. */
export interface FeedRig extends AsyncDisposable {
  /** Commits a movement as ingest does; resolves when it is durable. */
  move(n: number, more?: object): Promise<Event>;
  /** Keys of the planner's ledger, oldest first. */
  ledger(): Promise<readonly string[]>;
  status(): SinkStatus;
  /** Calls `listener` with the keys of every call that was answered. */
  onAnswered(listener: (ids: readonly string[]) => void): void;
}

export interface FeedRigOptions {
  /** Puts something in front of the planner; gets its URL, and gives the one to call instead. */
  readonly inFront?: (plannerUrl: string) => Promise<{ readonly url: string } & AsyncDisposable>;
  /** How long the feed waits for an answer. */
  readonly timeoutMs?: number;
}

/** Starts both sides; everything is on the machine's own clock except the planner's rate limits. */
export async function startFeedRig({ inFront, timeoutMs }: FeedRigOptions = {}): Promise<FeedRig> {
  await using stack = new AsyncDisposableStack();
  const planner = stack.use(await startCloudFixture());
  const plannerUrl = await listen(planner.cloud, planner.clock, stack);
  const front = inFront ? stack.use(await inFront(plannerUrl)) : { url: plannerUrl };
  const store = openExecutorStore(stack);
  const poster = stack.use(
    createJsonPoster({ url: front.url, apiKey: TOKEN, ...(timeoutMs !== undefined && { timeoutMs }) }),
  );
  const listeners: ((ids: readonly string[]) => void)[] = [];
  const feeds = await startFeeds([PlannerSink.parse({ name: "planner", url: front.url, warehouseId: WAREHOUSE })], {
    clock: createSystemClock(),
    rng: createRng(randomUUID()),
    log: silentLog,
    store,
    partnerId: "holdfast",
    warehouseId: WAREHOUSE,
    post: () => async (path, body) => {
      const answer = await poster.post(path, body);
      const ids = (body as { correlation_id: string }[]).map((record) => record.correlation_id);
      for (const listener of listeners) listener(ids);
      return answer;
    },
  });
  stack.use(feeds);
  const running = stack.move();
  return {
    move: (n, more = {}) => commitMovement(store, n, more),
    ledger: async () => {
      const { rows } = await planner.cloud.listLedger({ limit: 100_000 });
      return rows.map((row) => row.correlationId).reverse();
    },
    status: () => feeds.status()[0]!,
    onAnswered: (listener) => void listeners.push(listener),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function listen(
  execution: Parameters<typeof createHttpServer>[0]["execution"],
  clock: Parameters<typeof createHttpServer>[0]["clock"],
  stack: AsyncDisposableStack,
): Promise<string> {
  const partner = {
    name: "executor",
    sha256: sha256Hex(TOKEN),
    scopes: ["partner"],
    partnerId: "holdfast",
    warehouseId: WAREHOUSE,
  };
  const access = AccessRules.parse({ tokens: [partner], rateLimit: { perSecond: 100_000, burst: 1_000_000 } });
  const server = createHttpServer({
    execution,
    clock,
    rng: createRng(1),
    log: silentLog,
    sha256: sha256Hex,
    version: "0",
    access,
  });
  stack.defer(() => server.close());
  await server.listen({ host: "127.0.0.1", port: 0 });
  const { port } = server.server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

function openExecutorStore(stack: AsyncDisposableStack): CloudStore {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-feed-"));
  stack.defer(() => rmSync(folder, { recursive: true }));
  return stack.use(openSqliteStore({ path: join(folder, "cloud.db"), newCloudId: randomUUID() }));
}

async function commitMovement(store: CloudStore, n: number, more: object): Promise<Event> {
  const data = { ...movementData(n), ...more };
  const id = `01900000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
  const event: Event = { seq: n, id, at: data.occurred_at, monoMs: n, clock: "synced", type: "movement", data };
  const rows = [{ incarnation: "rig", event, hash: "" }];
  await store.commit([{ op: "append-events", deviceId: "amr-07", receivedAt: data.occurred_at, rows }]);
  return event;
}
