import { z } from "zod";
import { Name, Timestamp } from "#contract/identifiers";

/** What a caller may do: look; decide about what goes on; give work; report the movements of one warehouse. */
export const Scope = z.enum(["reader", "operator", "integrator", "partner"]);
export type Scope = z.infer<typeof Scope>;

const Sha256 = z.string().regex(/^[\da-f]{64}$/, "64 lower-case hex digits (SHA-256)");
const Id = z.string().min(1).max(64);

/** An API token, by its digest; the token itself is known to its owner only (`holdfast keys token`). */
export const Token = z
  .strictObject({
    name: Name.meta({ description: "who uses it; it stands in the log" }),
    sha256: Sha256,
    scopes: z.array(Scope).min(1),
    application: Name.optional().meta({ description: "sees and makes contracts of this application only" }),
    account: Name.optional(),
    partnerId: Id.optional(),
    warehouseId: Id.optional(),
    expiresAt: Timestamp.optional(),
  })
  .refine((token) => !token.scopes.includes("partner") || (token.partnerId && token.warehouseId), {
    message: "a partner's token needs partnerId and warehouseId",
  });
export type Token = z.infer<typeof Token>;

/** A partner who shows a client certificate; trust rests on the thumbprint, whoever issued it. */
export const PartnerCertificate = z.strictObject({
  name: Name,
  thumbprint: Sha256.meta({ description: "SHA-256 of the certificate (DER), hex" }),
  partnerId: Id,
  warehouseId: Id,
  expiresAt: Timestamp.optional(),
});

/** Who may call the HTTP interface. */
export const AccessRules = z.strictObject({
  tokens: z.array(Token).max(1000).default([]),
  partners: z.array(PartnerCertificate).max(1000).default([]),
  loopback: z
    .enum(["open", "token"])
    .optional()
    .meta({ description: "whether programs of this machine need a token; default open, in production token" }),
  rateLimit: z
    .strictObject({
      perSecond: z.number().positive().max(100_000).default(500),
      burst: z.number().int().min(1).max(1_000_000).default(2000),
    })
    .prefault({}),
});
export type AccessRules = z.infer<typeof AccessRules>;

/** What a caller shows. */
export interface Credentials {
  readonly authorization?: string | undefined;
  /** SHA-256 of the client certificate that was shown in the TLS handshake, hex. */
  readonly thumbprint?: string | undefined;
  /** A program of this machine that asks for itself: no proxy, no page of a browser. */
  readonly isLocal: boolean;
}

/** Who calls. */
export interface Caller {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly application?: string | undefined;
  readonly account?: string | undefined;
  readonly partnerId?: string | undefined;
  readonly warehouseId?: string | undefined;
}

/** What an operation asks for: one of these scopes, or nothing. */
export type Requirement = "open" | readonly Scope[];

export type Admission =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly refusal: "unauthenticated" | "forbidden"; readonly detail: string };

export interface AccessPolicy {
  readonly rules: AccessRules;
  /** Where it counts: no keys that can be copied on the partners' feed, and no open door on this machine. */
  readonly isProduction: boolean;
  readonly sha256: (text: string) => string;
}

const EVERYBODY: Caller = { name: "anonymous", scopes: [] };
const LOCAL: Caller = { name: "loopback", scopes: Scope.options };

/** Whether a request may go on, and as whom. `isFeed`: it goes to the partners' feed (`/wes`). */
export function admitCaller(
  access: AccessPolicy,
  credentials: Credentials,
  wanted: { readonly scopes: Requirement; readonly isFeed: boolean; readonly nowMs: number },
): Admission {
  if (wanted.scopes === "open") return { ok: true, caller: EVERYBODY };
  const known = identify(access, credentials, wanted);
  if (typeof known === "string") return { ok: false, refusal: "unauthenticated", detail: known };
  const scopes = wanted.scopes;
  if (scopes.some((scope) => hasScope(known, scope))) return { ok: true, caller: known };
  const detail = `${known.name} has ${known.scopes.join(", ")}; this takes ${scopes.join(" or ")}`;
  return { ok: false, refusal: "forbidden", detail };
}

/** Whoever may do something here may look as well; a partner only reports. */
function hasScope({ scopes }: Caller, wanted: Scope): boolean {
  return scopes.includes(wanted) || (wanted === "reader" && scopes.some((scope) => scope !== "partner"));
}

function identify(
  { rules, isProduction, sha256 }: AccessPolicy,
  { authorization, thumbprint, isLocal }: Credentials,
  { isFeed, nowMs }: { readonly isFeed: boolean; readonly nowMs: number },
): Caller | string {
  const partner = rules.partners.find((entry) => entry.thumbprint === thumbprint);
  if (partner)
    return isOver(partner, nowMs) ? `the certificate of ${partner.name} has run out here` : partnerCaller(partner);
  if (isFeed && isProduction)
    return "in production partners show a client certificate that is registered here; no key is taken";
  if (authorization !== undefined) return bearer(rules, authorization, sha256, nowMs);
  const { loopback = isProduction ? "token" : "open" } = rules;
  return isLocal && loopback === "open" ? LOCAL : "a token is needed: Authorization: Bearer <token>";
}

function bearer(
  { tokens }: AccessRules,
  authorization: string,
  sha256: AccessPolicy["sha256"],
  nowMs: number,
): Caller | string {
  const shown = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization)?.[1];
  if (shown === undefined) return "Authorization must be: Bearer <token>";
  // Compared by digest: what a comparison takes tells nothing of a token that is not known.
  const digest = sha256(shown);
  const token = tokens.find((entry) => entry.sha256 === digest);
  if (!token) return "the token is not known here";
  if (isOver(token, nowMs)) return `the token of ${token.name} has run out`;
  const { sha256: _digest, expiresAt: _end, ...caller } = token;
  return caller;
}

function partnerCaller({ name, partnerId, warehouseId }: z.infer<typeof PartnerCertificate>): Caller {
  return { name, scopes: ["partner"], partnerId, warehouseId };
}

function isOver({ expiresAt }: { readonly expiresAt?: string | undefined }, nowMs: number): boolean {
  return expiresAt !== undefined && nowMs >= Date.parse(expiresAt);
}
