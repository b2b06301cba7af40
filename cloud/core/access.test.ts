import { describe, expect, it } from "vitest";
import { sha256Hex } from "#contract/io/node-crypto";
import { AccessRules, admitCaller, type AccessPolicy, type Credentials, type Requirement } from "./access.ts";

const CERTIFICATE = "ab".repeat(32);
const rules = AccessRules.parse({
  tokens: [
    { name: "wall", sha256: sha256Hex("t-reader"), scopes: ["reader"] },
    { name: "ops", sha256: sha256Hex("t-operator"), scopes: ["operator"] },
    { name: "erp", sha256: sha256Hex("t-integrator"), scopes: ["integrator"], account: "acme" },
    { name: "wes", sha256: sha256Hex("t-partner"), scopes: ["partner"], partnerId: "p1", warehouseId: "w1" },
    { name: "old", sha256: sha256Hex("t-old"), scopes: ["reader"], expiresAt: "2026-01-01T00:00:00.000Z" },
  ],
  partners: [{ name: "wes-1", thumbprint: CERTIFICATE, partnerId: "p2", warehouseId: "w2" }],
});
const development: AccessPolicy = { rules, isProduction: false, sha256: sha256Hex };
const production: AccessPolicy = { ...development, isProduction: true };
const nowMs = Date.parse("2026-01-05T08:00:00.000Z");

/** The name of whoever is let in, or the word of the refusal. */
function enter(shown: Partial<Credentials>, scopes: Requirement, policy = development, isFeed = false): string {
  const admission = admitCaller(policy, { isLocal: false, ...shown }, { scopes, isFeed, nowMs });
  return admission.ok ? admission.caller.name : admission.refusal;
}

const bearer = (token: string): Partial<Credentials> => ({ authorization: `Bearer ${token}` });

describe("a token", () => {
  it.each([
    ["t-reader", ["reader"], "wall"],
    ["t-reader", ["operator"], "forbidden"],
    ["t-reader", ["integrator"], "forbidden"],
    ["t-operator", ["reader"], "ops"],
    ["t-operator", ["operator", "integrator"], "ops"],
    ["t-operator", ["integrator"], "forbidden"],
    ["t-integrator", ["reader"], "erp"],
    ["t-integrator", ["operator"], "forbidden"],
    ["t-partner", ["partner"], "wes"],
    ["t-partner", ["reader"], "forbidden"],
    ["t-old", ["reader"], "unauthenticated"],
    ["t-unknown", ["reader"], "unauthenticated"],
  ] as const)("%s at an operation for %o: %s", (token, scopes, outcome) => {
    expect(enter(bearer(token), scopes)).toBe(outcome);
  });

  it("must come as Bearer", () => {
    expect(enter({ authorization: "Basic dDp0" }, ["reader"])).toBe("unauthenticated");
    expect(enter({ authorization: "bearer   t-reader" }, ["reader"])).toBe("wall");
  });

  it("tells what its caller is limited to", () => {
    const wanted = { scopes: ["partner"], isFeed: true, nowMs } as const;
    const partner = admitCaller(development, { isLocal: false, ...bearer("t-partner") }, wanted);
    expect(partner).toMatchObject({ ok: true, caller: { partnerId: "p1", warehouseId: "w1" } });
    const erp = admitCaller(
      development,
      { isLocal: false, ...bearer("t-integrator") },
      { ...wanted, scopes: ["reader"] },
    );
    expect(erp).toMatchObject({ ok: true, caller: { account: "acme" } });
    expect(JSON.stringify(erp)).not.toContain(sha256Hex("t-integrator"));
  });
});

describe("without a token", () => {
  it("programs of this machine come in, others do not, and what is open is open to all", () => {
    expect(enter({ isLocal: true }, ["operator"])).toBe("loopback");
    expect(enter({ isLocal: false }, ["reader"])).toBe("unauthenticated");
    expect(enter({ isLocal: false }, "open")).toBe("anonymous");
  });

  it("a wrong token is no better than none, on this machine too", () => {
    expect(enter({ isLocal: true, ...bearer("t-unknown") }, ["reader"])).toBe("unauthenticated");
  });

  it("programs of this machine stay out where a token is wanted, and in production unless told otherwise", () => {
    const strict = { ...development, rules: { ...rules, loopback: "token" as const } };
    const lax = { ...production, rules: { ...rules, loopback: "open" as const } };
    expect(enter({ isLocal: true }, ["reader"], strict)).toBe("unauthenticated");
    expect(enter({ isLocal: true }, ["reader"], production)).toBe("unauthenticated");
    expect(enter({ isLocal: true }, ["reader"], lax)).toBe("loopback");
  });
});

describe("the partners' feed", () => {
  it("takes keys in development, in production only certificates that are registered", () => {
    expect(enter(bearer("t-partner"), ["partner"], development, true)).toBe("wes");
    expect(enter(bearer("t-partner"), ["partner"], production, true)).toBe("unauthenticated");
    expect(enter({ isLocal: true }, ["partner"], production, true)).toBe("unauthenticated");
    expect(enter({ thumbprint: CERTIFICATE }, ["partner"], production, true)).toBe("wes-1");
    expect(enter({ thumbprint: "cd".repeat(32) }, ["partner"], production, true)).toBe("unauthenticated");
  });

  it("is all that a certificate opens", () => {
    expect(enter({ thumbprint: CERTIFICATE }, ["reader"], production)).toBe("forbidden");
  });
});

it("a partner's token without its warehouse is refused", () => {
  const token = { name: "wes", sha256: sha256Hex("t"), scopes: ["partner"] };
  expect(AccessRules.safeParse({ tokens: [token] }).success).toBe(false);
});
