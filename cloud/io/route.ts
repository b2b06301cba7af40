import type { z } from "zod";
import type { Caller, Requirement } from "../core/access.ts";
import type { Execution } from "../execution.ts";
import type { Answer, ProblemDocument } from "../problem.ts";

/** A request, parsed: `query` and `params` by the route's schemas, `body` as JSON. */
export interface RouteRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly header: (name: string) => string | undefined;
  /** Who asks; the execution that the handler gets is limited to what they may see. */
  readonly caller: Caller;
}

export interface RouteAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One operation: the same table registers the handler and documents it in `/openapi.json`. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT";
  /** OpenAPI form, such as `/contracts/{id}`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  /** Who may call it: `open`, or whoever has one of these scopes. */
  readonly access: Requirement;
  readonly query?: z.ZodObject;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: z.ZodType;
  /** Whether it also does without a body. */
  readonly isBodyOptional?: boolean;
  readonly success: { readonly status: number; readonly description: string; readonly schema: z.ZodType };
  /** Statuses of the problems that it may answer, besides 400 and 500, and when. */
  readonly problems?: Readonly<Record<number, string>>;
  handle(execution: Execution, request: RouteRequest): Promise<RouteAnswer> | RouteAnswer;
}

/** The answer of an operation as a response. */
export function respond<Value>(
  answer: Answer<Value>,
  status: number,
  headers: (value: Value) => Record<string, string> = () => ({}),
): RouteAnswer {
  return answer.ok ? { status, body: answer.value, headers: headers(answer.value) } : problemAnswer(answer.problem);
}

/** A problem as a response; the server adds `trace_id` and the media type. */
export function problemAnswer(problem: ProblemDocument): RouteAnswer {
  return { status: problem.status, body: problem, headers: { "content-type": PROBLEM_MEDIA_TYPE } };
}

/** RFC 9457. */
export const PROBLEM_MEDIA_TYPE = "application/problem+json";
