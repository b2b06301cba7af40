import canonicalize from "canonicalize";
import { AgentError, messageOf } from "#lib/errors";

/**
 * The one text of a JSON value: sorted keys, no white space, shortest numbers (RFC 8785, JCS).
 * Throws `contract.invalid` for what is not I-JSON: a lone surrogate, NaN, an infinity, a cycle, or no JSON at all.
 */
export function canonicalJson(value: unknown): string {
  const text = serialize(value);
  if (text === undefined) throw new AgentError("contract.invalid", "the value has no JSON form");
  return text;
}

function serialize(value: unknown): string | undefined {
  try {
    return canonicalize(value);
  } catch (thrown) {
    throw new AgentError("contract.invalid", `not canonical JSON: ${messageOf(thrown)}`, { cause: thrown });
  }
}
