import { z } from "zod";
import { Problem } from "#contract/event";
import { toProblem } from "#contract/finding";
import { schemaFindings } from "#contract/schema-findings";

/** Prefix of every `type`: the word behind it is the reason, the same that devices use in `contract.rejected` and `reply`. */
export const PROBLEM_URN = "urn:holdfast:problem:";

/** An RFC 9457 problem; the HTTP edge adds `trace_id`. Members behind `errors` belong to the reason. */
export const ProblemDocument = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  errors: z.array(Problem).readonly().exactOptional(),
});
export type ProblemDocument = z.infer<typeof ProblemDocument>;

/** What an operation answers: its value, or why not. */
export type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: ProblemDocument };

/** Reasons of the cloud's own (`docs/problems.md`) and their HTTP status; reasons of refusal that devices give are all 422. */
export const PROBLEMS = {
  malformed: [400, "The request is not readable"],
  unauthenticated: [401, "No valid credential"],
  forbidden: [403, "The credential does not allow this"],
  not_found: [404, "There is no such thing"],
  unknown_device: [404, "No such device was ever heard"],
  method_not_allowed: [405, "The path does not know this method"],
  device_not_live: [409, "The device is not live"],
  device_busy: [409, "The device already has an active contract"],
  task_busy: [409, "The task already has an active contract"],
  contract_exists: [409, "A contract of this id exists"],
  contract_final: [409, "The contract has ended"],
  other_hold: [409, "Somebody else holds the contract"],
  no_able_device: [409, "No device can take the task now"],
  restored: [409, "The cloud was restored, and does not know yet what is under way"],
  task_exists: [409, "A task of this id was asked for before"],
  task_final: [409, "The task has been given to a device, or has ended"],
  not_locked: [409, "The task is not locked"],
  confirmation_needed: [409, "This is dangerous, and must be confirmed"],
  exception_resolved: [409, "The exception is resolved already"],
  window_reconciled: [409, "The window is reconciled already"],
  policy_changed: [409, "The policy has changed meanwhile"],
  too_large: [413, "The body is too large"],
  unsupported_media_type: [415, "The body is not JSON"],
  invalid: [422, "The request is readable, and wrong"],
  key_reused: [422, "The idempotency key was used for another request"],
  rate_limited: [429, "Too many requests"],
  internal: [500, "Something went wrong here"],
  broker_unreachable: [503, "The message broker cannot be reached"],
  unconfirmed: [504, "The device did not confirm the contract in time"],
  no_answer: [504, "The device did not answer in time"],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ProblemWord = keyof typeof PROBLEMS;

/** Extension members of a problem. */
type Members = Readonly<Record<string, unknown>>;

/** A problem of the cloud's own. */
export function problem(word: ProblemWord, detail: string, members: Members = {}): ProblemDocument {
  const [status, title] = PROBLEMS[word];
  return { type: PROBLEM_URN + word, title, status, detail, ...members };
}

/** The same as an answer. */
export function refuse(
  word: ProblemWord,
  detail: string,
  members: Members = {},
): { ok: false; problem: ProblemDocument } {
  return { ok: false, problem: problem(word, detail, members) };
}

/** What was sent, by its schema; or 422 with everything that is wrong with it. */
export function readAs<Schema extends z.ZodType>(schema: Schema, given: unknown): Answer<z.output<Schema>> {
  const read = schema.safeParse(given);
  return read.success ? { ok: true, value: read.data } : refuseAll(problemsIn(given, read.error));
}

/** 422 with everything that is wrong, in words as well. */
export function refuseAll(errors: readonly Problem[]): { ok: false; problem: ProblemDocument } {
  return refuse("invalid", inWords(errors), { errors });
}

/** What a schema found wrong, each thing with its place. */
export function problemsIn(given: unknown, error: z.ZodError): Problem[] {
  return schemaFindings(given, error.issues).map(toProblem);
}

/** What is wrong, as one sentence. */
export function inWords(errors: readonly Problem[]): string {
  return errors
    .map(
      ({ path, message, expected }) => `${path || "the body"}: ${message}${expected ? ` (expected ${expected})` : ""}`,
    )
    .join("; ");
}

/** A contract that the cloud or the device refused, with the reason word and everything that is wrong with it. */
export function refuseContract(
  reason: string,
  detail: string,
  errors: readonly Problem[],
  members: Members = {},
): { ok: false; problem: ProblemDocument } {
  const title = "The contract was refused";
  return { ok: false, problem: { type: PROBLEM_URN + reason, title, status: 422, detail, ...members, errors } };
}
