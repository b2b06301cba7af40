import { z } from "zod";
import type { VersionedPolicy } from "../../core/policy/policy.ts";
import { DryRun, DryRunView, PolicyOrder, PolicyView } from "../../policies.ts";
import { problem } from "../../problem.ts";
import { problemAnswer, respond, type Route } from "../route.ts";

const VersionQuery = z.strictObject({ version: z.coerce.number().int().min(1).optional() });

const listPolicies: Route = {
  method: "GET",
  path: "/policies",
  operationId: "listPolicies",
  summary: "Recovery policies in their newest versions, by id",
  access: ["reader"],
  success: { status: 200, description: "the policies", schema: z.object({ items: z.array(PolicyView) }) },
  handle: (execution) => ({ status: 200, body: { items: execution.policies.list().map(viewOf) } }),
};

const getPolicy: Route = {
  method: "GET",
  path: "/policies/{id}",
  operationId: "getPolicy",
  summary: "A recovery policy in its newest version, or in the one asked for",
  access: ["reader"],
  query: VersionQuery,
  success: { status: 200, description: "the policy; `ETag` is its version", schema: PolicyView },
  problems: { 404: "there is no such policy, or not in this version" },
  handle: async (execution, { params, query }) => {
    const { version } = query as z.infer<typeof VersionQuery>;
    return respondWith(await execution.policies.get(params["id"]!, version), 200);
  },
};

const putPolicy: Route = {
  method: "PUT",
  path: "/policies/{id}",
  operationId: "putPolicy",
  summary: "Store a policy as the next version of its id; contracts pushed from now on carry it",
  access: ["operator"],
  headers: { "if-match": "the version that this one is to follow, as `ETag` gave it; `0` if there must be none yet" },
  body: PolicyOrder,
  success: { status: 200, description: "the policy as it is stored", schema: PolicyView },
  problems: {
    403: "the token is for other contracts than the policy",
    409: "`If-Match` names another version than the newest",
    422: "the policy is not well-formed, or an expression does not compile",
  },
  handle: async (execution, { params, body, header }) => {
    const given = header("if-match");
    const expectedVersion = given === undefined ? undefined : Number(given.replaceAll(/["W/]/g, ""));
    if (Number.isNaN(expectedVersion)) return problemAnswer(problem("malformed", "If-Match: expected a version"));
    return respondWith(await execution.policies.put(params["id"]!, body, { expectedVersion }), 200);
  },
};

const dryRunPolicy: Route = {
  method: "POST",
  path: "/policies/dry-run",
  operationId: "dryRunPolicy",
  summary: "Which policy and rule would decide this failure? Changes nothing",
  access: ["reader"],
  body: DryRun,
  success: { status: 200, description: "what would be done, and by which rule", schema: DryRunView },
  problems: { 422: "the question, or the policy drafted in it, is not well-formed" },
  handle: async (execution, { body }) => respond(execution.policies.dryRun(body), 200),
};

function respondWith(
  answer: Parameters<typeof respond<VersionedPolicy>>[0],
  status: number,
): ReturnType<typeof respond> {
  const shown = answer.ok ? { ok: true as const, value: viewOf(answer.value) } : answer;
  return respond(shown, status, ({ version }) => ({ etag: `"${version}"` }));
}

function viewOf({ policy, version, at }: VersionedPolicy): z.infer<typeof PolicyView> {
  return { ...policy, version, at };
}

/** Recovery policies: read, try, write. */
export const policyRoutes: readonly Route[] = [listPolicies, dryRunPolicy, getPolicy, putPolicy];
