import type { z } from "zod";
import { valueAt, type Finding } from "./finding.ts";

type Issue = z.core.$ZodIssue;

/**
 * What a schema found wrong with `root`, one finding for each thing. `base` is the path of `root` within the contract. What
 * this version does not know (a key, a kind of zone, a version of the schema) is `unsupported`, the rest `invalid`.
 */
export function schemaFindings(root: unknown, issues: readonly Issue[], base: readonly PropertyKey[] = []): Finding[] {
  return issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => unknownKey(root, [...issue.path, key], base));
    }
    const path = [...base, ...issue.path];
    const value = valueAt(root, issue.path);
    const isMissing = value === undefined;
    const expected = expectedOf(issue);
    return [
      {
        reason: !isMissing && isUnknownWord(issue, path) ? "unsupported" : "invalid",
        path,
        message: isMissing ? "is missing" : (MESSAGES[issue.code] ?? issue.message),
        value,
        ...(expected === undefined ? {} : { expected }),
      },
    ];
  });
}

function unknownKey(root: unknown, path: readonly PropertyKey[], base: readonly PropertyKey[]): Finding {
  return { reason: "unsupported", path: [...base, ...path], message: "unknown key", value: valueAt(root, path) };
}

/** Words that another version may know: of the contract's schema and of a kind of zone. */
function isUnknownWord(issue: Issue, path: readonly PropertyKey[]): boolean {
  if (issue.code !== "invalid_value") return false;
  return path[0] === "schema" || (path[0] === "spatial" && path[1] === "zones" && path.at(-1) === "kind");
}

const MESSAGES: { readonly [Code in Issue["code"]]?: string } = {
  invalid_type: "has the wrong type",
  invalid_value: "is not one of the known values",
  too_big: "is too large",
  too_small: "is too small",
  invalid_format: "does not have the right form",
  invalid_union: "fits none of the possible forms",
};

function expectedOf(issue: Issue): string | undefined {
  if (issue.code === "invalid_type") return issue.expected;
  if (issue.code === "invalid_value") return issue.values.map((value) => JSON.stringify(value)).join(", ");
  if (issue.code === "invalid_format") return issue.message;
  if (issue.code === "invalid_union") return alternatives(issue);
  if (issue.code === "too_big") return bound(issue.inclusive ? "at most" : "below", issue.maximum, issue.origin);
  if (issue.code === "too_small") return bound(issue.inclusive ? "at least" : "above", issue.minimum, issue.origin);
  return undefined;
}

function bound(relation: string, limit: number | bigint, origin: string): string {
  const measure = origin === "string" ? " characters" : origin === "array" ? " items" : "";
  return `${relation} ${limit}${measure}`;
}

function alternatives(issue: Extract<Issue, { code: "invalid_union" }>): string {
  const each = issue.errors.map((issues) => issues.map((one) => expectedOf(one) ?? one.message).join(" and "));
  return each.join(" or ");
}
