import { z } from "zod";
import { Problem } from "../event.ts";

/** What became of one record of a call. */
export const ItemResult = z.looseObject({
  correlation_id: z.string(),
  status: z.number().int().min(100).max(599).meta({ description: "as if the record had been posted alone" }),
  replay: z.boolean().optional().meta({ description: "this key was taken before; nothing changed" }),
  title: z.string().optional(),
  detail: z.string().optional(),
  errors: z.array(Problem.loose()).optional(),
});
export type ItemResult = z.infer<typeof ItemResult>;

/** The answer to an array: a result per record, in order. */
export const BatchAnswer = z.looseObject({ results: z.array(ItemResult) });

/** What a planner answered, as far as the executor cares; `body` is parsed JSON, or undefined where it was none. */
export interface PlannerAnswer {
  readonly status: number;
  readonly retryAfter?: string | undefined;
  readonly body?: unknown;
}

/** The answer to a record that was posted alone. */
const Alone = z.looseObject({ replay: z.boolean().optional() });

/** What became of a record: it is done with, or must be sent again. */
export type Verdict =
  | { readonly kind: "accepted" }
  | { readonly kind: "replay" }
  | { readonly kind: "rejected"; readonly reason: string }
  | { readonly kind: "again" };

/** What a call came to. */
export type CallOutcome =
  /** A verdict for every record of the call, in its order. */
  | { readonly kind: "settled"; readonly verdicts: readonly Verdict[] }
  /** Too much, or not now; `waitMs` where the planner says how long. */
  | { readonly kind: "later"; readonly reason: string; readonly waitMs?: number | undefined }
  /** The call as a whole is refused: which record is to blame shows when it is halved. */
  | { readonly kind: "indivisible"; readonly reason: string }
  | { readonly kind: "denied"; readonly reason: string }
  | { readonly kind: "missing"; readonly reason: string };

/** Reads a planner's answer to the records of these correlation ids. `wallMs`: now, for a `Retry-After` that is a date. */
export function readAnswer(ids: readonly string[], answer: PlannerAnswer, wallMs: number): CallOutcome {
  const { status } = answer;
  const reason = reasonOf(answer);
  if (isTaken(status)) return { kind: "settled", verdicts: verdictsOf(ids, answer) };
  if (status === 401 || status === 403) return { kind: "denied", reason };
  if (isForLater(status)) return { kind: "later", reason, waitMs: retryAfterMs(answer.retryAfter, wallMs) };
  const listed = BatchAnswer.safeParse(answer.body);
  if (listed.success) return { kind: "settled", verdicts: verdictsOf(ids, answer) };
  if (!ABOUT_RECORDS.has(status)) return { kind: "missing", reason };
  if (ids.length > 1) return { kind: "indivisible", reason };
  return { kind: "settled", verdicts: [{ kind: "rejected", reason }] };
}

/** What is wrong lies in the records: malformed, in conflict, too large, or wrong by the planner's rules. Anything else is no endpoint of ours. */
const ABOUT_RECORDS: ReadonlySet<number> = new Set([400, 409, 413, 422]);

function isTaken(status: number): boolean {
  return status >= 200 && status < 300;
}

/** Nothing is wrong with what was posted: too soon, too much, or the planner's own trouble. */
function isForLater(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** A day, however long a planner asks for: nobody wants to find a feed asleep in a year. */
const WAIT_MS_MAX = 86_400_000;

/** `Retry-After` (RFC 9110 §10.2.3), seconds or a date, in milliseconds from now; undefined where it can't be read. */
export function retryAfterMs(text: string | undefined, wallMs: number): number | undefined {
  if (text === undefined) return undefined;
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) return Math.min(WAIT_MS_MAX, Number(trimmed) * 1000);
  const at = Date.parse(trimmed);
  return Number.isNaN(at) ? undefined : Math.min(WAIT_MS_MAX, Math.max(0, at - wallMs));
}

/** Results are matched by correlation id; a record that no result names is sent again, which at worst is a replay. */
function verdictsOf(ids: readonly string[], { status, body }: PlannerAnswer): Verdict[] {
  if (status === 204) return ids.map(() => ({ kind: "accepted" }));
  const listed = BatchAnswer.safeParse(body);
  const alone = ids.length === 1 ? Alone.safeParse(body) : undefined;
  if (listed.success) {
    const byId = new Map(listed.data.results.map((result) => [result.correlation_id, result]));
    return ids.map((id) => verdictOf(byId.get(id)));
  }
  if (alone?.success) return [alone.data.replay === true ? { kind: "replay" } : { kind: "accepted" }];
  return ids.map(() => ({ kind: "again" }));
}

function verdictOf(result: ItemResult | undefined): Verdict {
  if (!result) return { kind: "again" };
  const { status } = result;
  if (isTaken(status)) return { kind: result.replay === true ? "replay" : "accepted" };
  if (isForLater(status)) return { kind: "again" };
  return { kind: "rejected", reason: reasonOf({ status, body: result }) };
}

/** What to tell people: the problem's own words before its number. */
function reasonOf({ status, body }: PlannerAnswer): string {
  const { title, detail } = z
    .looseObject({ title: z.string().catch(""), detail: z.string().catch("") })
    .catch({ title: "", detail: "" })
    .parse(body);
  return [String(status), title, detail]
    .filter((part) => part !== "")
    .join(": ")
    .slice(0, 1000);
}
