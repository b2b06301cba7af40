import { canonicalJson } from "#contract/canonical";
import { type CloudContext, nowText } from "./context.ts";
import type { StoreOp } from "./io/store-ops.ts";
import { type Answer, refuse } from "./problem.ts";

/** A request that is the same however often it is sent: by its key, as the caller chose it, and what was asked for. */
export interface KeyedRequest {
  /** Absent: every request is one of its own. */
  readonly key: string | undefined;
  /** What was asked for, as JSON. */
  readonly order: unknown;
}

/** The id of what the same request has made before; undefined where there was none, 422 where the key meant something else. */
export async function madeBefore(
  context: CloudContext,
  { key, order }: KeyedRequest,
): Promise<Answer<string> | undefined> {
  const earlier = key === undefined ? undefined : await context.store.idempotency(key);
  if (!earlier) return undefined;
  if (earlier.fingerprint !== fingerprintOf(context, order))
    return refuse("key_reused", "this idempotency key was used with another body");
  return { ok: true, value: earlier.madeId };
}

/** What keeps the key, to be committed together with what the request makes. */
export function keepKey(context: CloudContext, { key, order }: KeyedRequest, madeId: string): StoreOp[] {
  if (key === undefined) return [];
  const row = { key, fingerprint: fingerprintOf(context, order), madeId, createdAt: nowText(context) };
  return [{ op: "insert-idempotency", row }];
}

function fingerprintOf(context: CloudContext, order: unknown): string {
  return context.sha256(canonicalJson(order));
}
