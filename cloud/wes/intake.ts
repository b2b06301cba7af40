import { z } from "zod";
import { timestamp } from "#lib/clock";
import type { Problem } from "#contract/event";
import type { ItemResult } from "#contract/feed/answers";
import type { FeedKind } from "../io/feed-rows.ts";
import type { StoreOp } from "../io/store-ops.ts";
import { type Answer, PROBLEM_URN, problem, type ProblemWord, type ProblemDocument } from "../problem.ts";
import { createTurns } from "#lib/turns";
import { capacity } from "./capacity.ts";
import { exceptions } from "./exceptions.ts";
import { movements } from "./movements.ts";
import type { IntakeStream, Partner, Reading, WesContext } from "./stream.ts";
import { workStatus } from "./work-status.ts";

/** Answer to one record (its own result) or to an array (a result for each, in order). */
export type FeedAnswer = ItemResult | { readonly results: readonly ItemResult[] };

/** Takes what partners post to the four realtime endpoints. */
export type FeedIntake = (kind: FeedKind, partner: Partner, body: unknown) => Promise<Answer<FeedAnswer>>;

const BATCH_MAX = 1000;
/** How long a partner's key is known (document 3's companion on idempotency). */
const KEY_DAYS = 30;
const DAY_MS = 86_400_000;

const STREAMS: Readonly<Record<FeedKind, IntakeStream>> = {
  movements,
  exceptions,
  "work-status": workStatus,
  capacity,
};

export function createFeedIntake(context: WesContext): FeedIntake {
  // One call at a time: whether a key is known and that it becomes known are one step.
  const turns = createTurns();
  return async (kind, partner, body) => {
    const stream = STREAMS[kind];
    if (!Array.isArray(body)) {
      const [result] = await turns(() => takeAll(context, stream, partner, [body]));
      return result!.status < 300 ? { ok: true, value: result! } : { ok: false, problem: asProblem(result!) };
    }
    if (body.length === 0 || body.length > BATCH_MAX)
      return {
        ok: false,
        problem: problem("malformed", `an array holds 1 to ${BATCH_MAX} records, not ${body.length}`),
      };
    return { ok: true, value: { results: await turns(() => takeAll(context, stream, partner, body)) } };
  };
}

async function takeAll(
  context: WesContext,
  stream: IntakeStream,
  partner: Partner,
  records: readonly unknown[],
): Promise<ItemResult[]> {
  const ids = records.map(idOf);
  const known = new Set(await context.store.feedKeys(partner.partnerId, ids));
  const ops: StoreOp[] = [];
  const results: ItemResult[] = [];
  for (const [at, given] of records.entries()) {
    const correlation_id = ids[at]!;
    if (known.has(correlation_id)) {
      results.push({ correlation_id, status: 200, replay: true });
      continue;
    }
    const reading = stream(context, given);
    const refusal = refusalOf(reading, partner, correlation_id);
    results.push(refusal ?? { correlation_id, status: 201 });
    if (refusal || reading.kind === "unreadable") continue;
    known.add(correlation_id);
    ops.push(...(await reading.ops(partner)));
  }
  const before = timestamp(context.clock.wallMs() - KEY_DAYS * DAY_MS);
  if (ops.length > 0) await context.store.commit([...ops, { op: "forget-feed-records", before }]);
  return results;
}

/** Why a record does nothing: not readable, another's warehouse, or wrong by the planner's own data. */
function refusalOf(reading: Reading, { warehouseId }: Partner, id: string): ItemResult | undefined {
  if (reading.kind === "unreadable") return refused(id, "malformed", reading.problems);
  if (warehouseId !== undefined && reading.warehouseId !== warehouseId) {
    const message = "is not the warehouse of the credential";
    const value = reading.warehouseId;
    return refused(id, "forbidden", [{ path: "/warehouse_id", message, value, expected: warehouseId }]);
  }
  return reading.problems.length > 0 ? refused(id, "invalid", reading.problems) : undefined;
}

function refused(correlation_id: string, word: ProblemWord, errors: readonly Problem[]): ItemResult {
  const detail = errors.map(({ path, message }) => `${path} ${message}`).join("; ");
  const { type, title, status } = problem(word, detail);
  return { correlation_id, status, type, title, detail, errors: [...errors] };
}

function asProblem({ correlation_id, status, title = "", detail = "", ...rest }: ItemResult): ProblemDocument {
  const { type = `${PROBLEM_URN}malformed`, errors = [] } = rest as { type?: string; errors?: Problem[] };
  return { type, title, status, detail, errors, correlation_id };
}

const Keyed = z.looseObject({ correlation_id: z.string() });

function idOf(record: unknown): string {
  const parsed = Keyed.safeParse(record);
  return parsed.success ? parsed.data.correlation_id : "";
}
