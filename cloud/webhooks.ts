import { z } from "zod";
import { FeedSeverity } from "#contract/feed/exceptions";
import { backoff } from "#lib/backoff";
import { sleep, type Clock } from "#lib/clock";
import { messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import { LogType, type LogEntry } from "./io/store-rows.ts";
import type { CloudStore } from "./io/store.ts";

/** Somebody who is called when something happens. */
export const Webhook = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  secret: z
    .string()
    .min(16)
    .max(256)
    .meta({ description: "shared with the receiver, who checks the signature with it" }),
  events: z.array(LogType).min(1).default(["exception"]),
  severities: z
    .array(FeedSeverity)
    .min(1)
    .default([...FeedSeverity.options])
    .meta({ description: "exceptions of other severities are not told; everything else is" }),
});
export type Webhook = z.infer<typeof Webhook>;

/** What is sent. */
export interface Delivery {
  readonly url: string;
  /** JSON: the entry of the log, as `/stream` tells it. */
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface WebhookDeps {
  readonly store: Pick<CloudStore, "logAfter" | "logEnd" | "onLogged" | "meta" | "commit">;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  /** HMAC-SHA256 in lower-case hex. */
  readonly hmac: (secret: string, body: string) => string;
  /** Resolves with the HTTP status; rejects when nobody answers. */
  readonly send: (delivery: Delivery) => Promise<number>;
}

const PAGE = 100;
const ATTEMPTS_MAX = 12;
const BACKOFF = { baseMs: 1000, capMs: 600_000 };

/**
 * Calls every webhook with what happens from its first start on, in order, each entry at least once: how far it has come is
 * kept with the log, so a restart loses nothing. One that fails is repeated with growing delays, and passed over after
 * some two hours; others do not wait for it. Ends what is under way when disposed of.
 */
export async function startWebhooks(webhooks: readonly Webhook[], deps: WebhookDeps): Promise<AsyncDisposable> {
  const ending = new AbortController();
  const callers = await Promise.all(webhooks.map((webhook) => startCaller(webhook, deps, ending.signal)));
  return {
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await Promise.all(callers.map((caller) => caller.end()));
    },
  };
}

async function startCaller(webhook: Webhook, deps: WebhookDeps, ended: AbortSignal): Promise<{ end(): Promise<void> }> {
  const { store } = deps;
  const key = `webhook ${webhook.url}`;
  let toldId = Number((await store.meta(key)) ?? (await store.logEnd()));
  let running: Promise<void> | undefined;
  let isMore = false;

  async function tellAll(): Promise<void> {
    let page: readonly LogEntry[];
    do {
      isMore = false;
      page = await store.logAfter(toldId, PAGE);
      for (const entry of page) {
        if (isFor(webhook, entry)) await deliver(webhook, entry, deps, ended);
        if (ended.aborted) return;
        toldId = entry.id;
      }
      if (page.length > 0) await store.commit([{ op: "put-meta", key, value: String(toldId) }]);
    } while (page.length > 0 || isMore);
  }
  function wake(): void {
    isMore = true;
    running ??= tellAll()
      .catch((thrown: unknown) => deps.log.error({ url: webhook.url, reason: messageOf(thrown) }, "webhook stopped"))
      .finally(() => (running = undefined));
  }
  const stop = store.onLogged((entries) => {
    if (entries.some((entry) => isFor(webhook, entry))) wake();
  });
  await store.commit([{ op: "put-meta", key, value: String(toldId) }]);
  wake();
  return {
    end: async () => {
      stop();
      await running;
    },
  };
}

/** Severity selects the channel: whoever must be woken is not the one who reads the list in the morning. */
function isFor({ events, severities }: Webhook, { type, data }: LogEntry): boolean {
  if (!events.includes(type)) return false;
  const severity = FeedSeverity.safeParse(data["severity"]);
  return type !== "exception" || !severity.success || severities.includes(severity.data);
}

/** Resolves when it is taken, given up, or called off. */
async function deliver(webhook: Webhook, entry: LogEntry, deps: WebhookDeps, ended: AbortSignal): Promise<void> {
  const { clock, rng, log, hmac, send } = deps;
  const { url, secret } = webhook;
  const body = JSON.stringify(entry);
  const signature = `sha256=${hmac(secret, body)}`;
  const headers = {
    "content-type": "application/json",
    "x-holdfast-signature": signature,
    "x-holdfast-delivery": String(entry.id),
  };
  const delays = backoff(BACKOFF, rng);
  for (let attempt = 1; attempt <= ATTEMPTS_MAX && !ended.aborted; attempt++) {
    const outcome = await send({ url, body, headers }).catch(messageOf);
    if (typeof outcome === "number" && outcome >= 200 && outcome < 300) return;
    log.warn({ url, id: entry.id, attempt, outcome }, "webhook not taken");
    // Called off: the next start goes on from the last one that was taken.
    await sleep(clock, delays.next().value, ended).catch(() => undefined);
  }
  if (!ended.aborted) log.error({ url, id: entry.id }, "webhook given up");
}
