import { z } from "zod";
import { canonicalJson } from "#contract/canonical";
import { DEFAULT_FAILURE_POLICY, FailurePolicy, Severity, Strategy, type ContractDraft } from "#contract/contract";
import { Name, Timestamp } from "#contract/identifiers";
import { timestamp, type Clock } from "#lib/clock";
import { compilePolicy, policyProblems } from "./core/policy/compile.ts";
import { judge } from "./core/policy/judgement.ts";
import {
  governingPolicy,
  matches,
  Policy,
  PolicyMatch,
  PolicyRule,
  type VersionedPolicy,
} from "./core/policy/policy.ts";
import type { Tenant } from "./io/store-rows.ts";
import type { CloudStore } from "./io/store.ts";
import { present } from "./present.ts";
import { type Answer, readAs, refuse, refuseAll } from "./problem.ts";

/** The recovery policies: which applies, and in which version. */
export interface PolicyService {
  /** Every policy in its newest version, by id. */
  list(): readonly VersionedPolicy[];
  /** A policy in its newest version, or in the one asked for. */
  get(id: string, version?: number): Promise<Answer<VersionedPolicy>>;
  /** Stores a policy as the next version of its id. */
  put(id: string, body: unknown, options?: PutOptions): Promise<Answer<VersionedPolicy>>;
  /** Which rule would decide a failure, and why. */
  dryRun(body: unknown): Answer<DryRunView>;
  /** The policy that is for a contract, compiled; what the draft itself says wins. */
  failurePolicyFor(draft: PolicyFacts, deviceType: string | undefined): FailurePolicy;
}

/** What of a draft decides its failure policy. */
export type PolicyFacts = Pick<ContractDraft, "application" | "account" | "task" | "failurePolicy">;

export interface PutOptions {
  /** Refused when another version is the newest by now; 0 means that there must be none. */
  readonly expectedVersion?: number | undefined;
  /** The policy must be for these contracts only. */
  readonly tenant?: Tenant | undefined;
}

/** A policy as the API shows it. */
export const PolicyView = Policy.extend({ version: z.number().int(), at: Timestamp });

/** What a dry run asks: a contract, and a failure in it. */
export const DryRun = z.strictObject({
  application: Name.optional(),
  account: Name.optional(),
  deviceType: z.string().min(1).max(64).optional(),
  taskKind: PolicyMatch.shape.taskKind.unwrap().options[0].optional(),
  failure: z.strictObject({
    code: z.string().min(1).max(64),
    severity: Severity.default("major"),
    stageId: Name.default("stage"),
    action: Name.default("navigate"),
    attempt: z.number().int().min(1).default(1),
    retries: z.number().int().min(0).default(0).meta({ description: "retries of the stage that are spent" }),
    loaded: z.boolean().default(false),
  }),
  context: z
    .record(z.string(), z.json())
    .default({})
    .meta({ description: "`robot`, `inputs`, `contract` of conditions" }),
  policy: Policy.optional().meta({ description: "a draft that is judged by instead of what is stored" }),
});

/** What is put: a policy, also as `GET` shows it; its id is that of the path. */
export const PolicyOrder = Policy.partial({ id: true }).extend({
  version: z.number().int().optional().meta({ description: "ignored: the next one is made" }),
  at: z.string().optional().meta({ description: "ignored" }),
});

export const DryRunView = z.object({
  policy: z.object({ id: z.string(), version: z.number().int(), origin: z.string(), author: z.string() }).nullable(),
  strategy: Strategy,
  by: z.enum(["rule", "fallback", "severity"]),
  rule: PolicyRule.exactOptional(),
  compiled: FailurePolicy,
  considered: z
    .array(z.object({ id: z.string(), version: z.number().int(), matches: z.boolean() }))
    .meta({ description: "every policy, and whether it is for such a contract" }),
});
export type DryRunView = z.infer<typeof DryRunView>;

export interface PolicyDeps {
  readonly store: CloudStore;
  readonly clock: Clock;
  /** The newest versions that are stored. */
  readonly stored: readonly VersionedPolicy[];
  /** Those that ship; one that has changed becomes the next version, unless somebody else has written the id since. */
  readonly presets: readonly Policy[];
}

/** Takes up what is stored, and stores presets that are new. */
export async function startPolicies({ store, clock, stored, presets }: PolicyDeps): Promise<PolicyService> {
  const newest = new Map(stored.map((entry) => [entry.policy.id, entry]));

  async function write(policy: Policy): Promise<Answer<VersionedPolicy>> {
    const { id } = policy;
    const version = (newest.get(id)?.version ?? 0) + 1;
    const entry = { policy, version, at: timestamp(clock.wallMs()) };
    const data = { id, version, origin: policy.origin, author: policy.author };
    const done = await store.commit([
      { op: "insert-policy", row: entry },
      { op: "log", entry: { at: entry.at, type: "policy", data } },
    ]);
    if (!done.ok) return changed(id, version);
    newest.set(id, entry);
    return { ok: true, value: entry };
  }
  for (const preset of presets) {
    const known = newest.get(preset.id)?.policy;
    const isOurs = known === undefined || known.origin === "preset";
    if (isOurs && (!known || canonicalJson(known) !== canonicalJson(preset))) await write(preset);
  }
  const list = (): VersionedPolicy[] => [...newest.values()].toSorted((a, b) => (a.policy.id < b.policy.id ? -1 : 1));
  return {
    list,
    async get(id, version) {
      const known = newest.get(id);
      const found =
        version === undefined || version === known?.version ? known : await store.policyVersion(id, version);
      const which = version === undefined ? "" : ` in version ${version}`;
      return found ? { ok: true, value: found } : refuse("not_found", `there is no policy ${id}${which}`);
    },
    async put(id, body, { expectedVersion, tenant } = {}) {
      const read = readPolicy(id, body, tenant);
      if (!read.ok) return read;
      const foreign = foreignTo(newest.get(id)?.policy, tenant);
      if (foreign) return foreign;
      const at = newest.get(id)?.version ?? 0;
      return expectedVersion === undefined || expectedVersion === at ? write(read.value) : changed(id, at);
    },
    dryRun: (body) => dryRun(list(), body),
    failurePolicyFor(draft, deviceType) {
      const { application, account, task, failurePolicy } = draft;
      if (failurePolicy) return failurePolicy;
      const governing = governingPolicy(list(), { application, account, deviceType, taskKind: task.kind });
      return governing ? compilePolicy(governing) : DEFAULT_FAILURE_POLICY;
    },
  };
}

function changed(id: string, version: number): Answer<never> {
  return refuse("policy_changed", `policy ${id} is at version ${version}: read it again, and decide again`, {
    version,
  });
}

/** A policy that may be stored: well-formed, its expressions compile, and nobody passes it off as one that ships. */
function readPolicy(id: string, body: unknown, tenant: Tenant | undefined): Answer<Policy> {
  const parsed = readAs(PolicyOrder, body);
  if (!parsed.ok) return parsed;
  const { version: _version, at: _at, ...written } = parsed.value;
  const policy = { ...written, id: written.id ?? id };
  if (policy.id !== id)
    return refuseAll([{ path: "/id", message: "is not the id of the path", value: policy.id, expected: id }]);
  if (policy.origin === "preset") {
    const expected = "operator or agent";
    return refuseAll([{ path: "/origin", message: "presets ship with the program", value: "preset", expected }]);
  }
  const foreign = foreignTo(policy, tenant);
  if (foreign) return foreign;
  const problems = policyProblems(policy);
  return problems.length === 0 ? { ok: true, value: policy } : refuseAll(problems);
}

/** Why a tenant may not write this policy: it is for contracts of others, too. */
function foreignTo(policy: Policy | undefined, tenant: Tenant = {}): Answer<never> | undefined {
  const name = (["application", "account"] as const).find(
    (attribute) => policy && tenant[attribute] !== undefined && policy.match[attribute] !== tenant[attribute],
  );
  const detail = `this token may only write policies whose match.${name} is ${name && tenant[name]}`;
  return name && refuse("forbidden", detail);
}

function dryRun(policies: readonly VersionedPolicy[], body: unknown): Answer<DryRunView> {
  const parsed = readAs(DryRun, body);
  if (!parsed.ok) return parsed;
  const { failure, context, policy: draft, ...facts } = parsed.value;
  const problems = draft ? policyProblems(draft) : [];
  if (problems.length > 0) return refuseAll(problems);
  const governing = draft ? { policy: draft, version: 0 } : governingPolicy(policies, facts);
  const book = governing?.policy ?? DEFAULT_FAILURE_POLICY;
  const { loaded: isLoaded, ...told } = failure;
  const { strategy, rule, by } = judge(book, { ...told, isLoaded, retrying: "possible", context });
  const considered = policies.map(({ policy, version }) => ({
    id: policy.id,
    version,
    matches: matches(policy, facts),
  }));
  const compiled = governing
    ? compilePolicy({ ...governing, version: Math.max(1, governing.version) })
    : DEFAULT_FAILURE_POLICY;
  return { ok: true, value: { policy: headOf(governing), strategy, by, ...present({ rule }), compiled, considered } };
}

function headOf(governing: Pick<VersionedPolicy, "policy" | "version"> | undefined): DryRunView["policy"] {
  if (!governing) return null;
  const { id, origin, author } = governing.policy;
  return { id, version: governing.version, origin, author };
}
