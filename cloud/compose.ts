import { AgentError, messageOf } from "#lib/errors";
import type { ExecutionConfig } from "./config.ts";
import type { PlannerSink, SinkStatus } from "#feed/planner-sink";
import type { ThingsBoardSink } from "#feed/thingsboard/settings";
import { keeperOf, startFeeds, type FeedDeps, type Feeds } from "./feeds.ts";
import { startThingsBoards, type ThingsBoardsDeps } from "./thingsboards.ts";
import { startExecution, type Execution, type ExecutionDeps } from "./execution.ts";
import { createHttpServer, type HttpDeps } from "./io/http.ts";
import { present } from "./present.ts";
import { startWebhooks, type Webhook, type WebhookDeps } from "./webhooks.ts";

export interface CloudDeps extends ExecutionDeps {
  /** Where and to whom to answer HTTP, and the program's version for `/openapi.json`; without it there is none. */
  readonly http?: { readonly host: string; readonly port: number } & Pick<
    HttpDeps,
    "version" | "access" | "tls" | "isProduction" | "metrics"
  >;
  /** Who is called when something happens, and how. */
  readonly feeds?: { readonly list: readonly PlannerSink[] } & Pick<FeedDeps, "post">;
  /** Dashboards that are fed with telemetry, and how they are reached; needs `archive`. */
  readonly thingsboards?: { readonly list: readonly ThingsBoardSink[] } & Pick<ThingsBoardsDeps, "transport">;
  readonly webhooks?: { readonly list: readonly Webhook[] } & Pick<WebhookDeps, "send" | "hmac">;
}

/** A running cloud. Disposing of it ends HTTP first, then the broker link; the store stays the caller's to close. */
export interface Cloud extends AsyncDisposable {
  readonly execution: Execution;
  /** How the planners are doing that it feeds. */
  feeds(): readonly SinkStatus[];
  /** Where it answers HTTP, with the port that the system chose. */
  readonly httpUrl?: string;
}

/**
 * The cloud from its parts, the same in production and in a simulation. Rejects `config.port_in_use` when the HTTP address
 * is taken; what already ran is then ended.
 */
export async function composeCloud(config: ExecutionConfig, deps: CloudDeps): Promise<Cloud> {
  await using stack = new AsyncDisposableStack();
  const execution = stack.use(await startExecution(config, deps));
  const { clock, rng, log, store, webhooks } = deps;
  let feeds: Feeds | undefined;
  if (webhooks) {
    const { list, ...sender } = webhooks;
    stack.use(await startWebhooks(list, { clock, store, rng: rng.fork("webhooks"), log, ...sender }));
  }
  if (deps.feeds) {
    const { list, post } = deps.feeds;
    const { partnerId, warehouseId } = config;
    feeds = stack.use(await startFeeds(list, { clock, rng, log, store, partnerId, warehouseId, post }));
  }
  if (deps.thingsboards && deps.archive) {
    const { list, transport } = deps.thingsboards;
    const parts = { clock, rng, log, archive: deps.archive, keeper: keeperOf(clock, store), execution, transport };
    stack.use(await startThingsBoards(list, parts));
  }
  deps.http?.metrics?.watch({ fleet: () => execution.countFleet(), store });
  const httpUrl = deps.http && (await listen(deps, deps.http, execution, stack));
  const running = stack.move();
  return {
    execution,
    ...present({ httpUrl }),
    feeds: () => feeds?.status() ?? [],
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function listen(
  deps: CloudDeps,
  address: NonNullable<CloudDeps["http"]>,
  execution: Execution,
  stack: AsyncDisposableStack,
): Promise<string> {
  const { clock, rng, log, crypto } = deps;
  const { host, port, ...settings } = address;
  const { sha256 } = crypto;
  const server = createHttpServer({ execution, clock, rng: rng.fork("http"), log, sha256, ...settings });
  stack.defer(() => server.close());
  try {
    return await server.listen({ host, port });
  } catch (thrown) {
    const { code } = thrown as { code?: string };
    const isTaken = code === "EADDRINUSE";
    const why = isTaken ? "is in use by another program" : `cannot be listened on: ${messageOf(thrown)}`;
    throw new AgentError(isTaken ? "config.port_in_use" : "config.invalid", `HTTP address ${host}:${port} ${why}`, {
      cause: thrown,
    });
  }
}
