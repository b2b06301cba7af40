import { z } from "zod";
import { parseBoundedJson } from "#lib/bounded-json";
import type { DocumentType } from "./crypto.ts";

/** Bytes that the payload of a signed document may have; as many as an HTTP body. */
export const SIGNED_BYTES_MAX = 4 * 1024 * 1024;

/** Characters of the whole: the payload in base64url, header and signature. */
export const JWS_LENGTH_MAX = Math.ceil((SIGNED_BYTES_MAX * 4) / 3) + 1024;

const HEADER_LENGTH_MAX = 1024;

/** Exactly these members: an extension (`crit`), an embedded key or another algorithm is never negotiated. */
const Header = z.strictObject({ alg: z.literal("EdDSA"), kid: z.string().min(1).max(128), typ: z.string() });

/** A compact JWS taken apart (RFC 7515 §7.1); nothing in it is trusted before the signature is verified. */
export type CompactJws =
  | {
      readonly ok: true;
      readonly kid: string;
      /** What the signature is over: header and payload as they came. */
      readonly signed: string;
      readonly signature: Uint8Array;
      readonly payload: unknown;
    }
  | { readonly ok: false; readonly detail: string };

/** The protected header of a document of ours. */
export function jwsHeader(type: DocumentType, kid: string): { alg: "EdDSA"; kid: string; typ: DocumentType } {
  return { alg: "EdDSA", kid, typ: type };
}

/** Takes a compact JWS of the given type apart; what is not exactly of our form is refused, never repaired. */
export function readCompactJws(jws: string, type: DocumentType): CompactJws {
  if (jws.length > JWS_LENGTH_MAX) return refuse("larger than 4 MiB");
  const parts = jws.split(".");
  if (parts.length !== 3) return refuse("not three parts");
  const [headerText, payloadText, signatureText] = parts as [string, string, string];
  if (headerText.length > HEADER_LENGTH_MAX) return refuse("header: too long");
  const header = Header.safeParse(parseJson(decode(headerText)));
  if (!header.success) return refuse(`header: ${z.prettifyError(header.error)}`);
  if (header.data.typ !== type) return refuse(`header: typ is not ${type}`);
  const signature = decode(signatureText);
  if (signature?.length !== 64) return refuse("the signature is not 64 bytes in base64url");
  const bytes = decode(payloadText);
  if (bytes && bytes.length > SIGNED_BYTES_MAX) return refuse("larger than 4 MiB");
  const payload = parseJson(bytes);
  if (payload === undefined) return refuse("the payload is not JSON in base64url, or too deep");
  return { ok: true, kid: header.data.kid, signed: `${headerText}.${payloadText}`, signature, payload };
}

function refuse(detail: string): CompactJws {
  return { ok: false, detail };
}

/** Only the one canonical spelling is read: lenient decoders ignore the last bits, so that two texts would verify. */
function decode(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}

function parseJson(bytes: Uint8Array | undefined): unknown {
  if (!bytes) return undefined;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // Not UTF-8, so no JSON of ours.
    return undefined;
  }
  return parseBoundedJson(text, SIGNED_BYTES_MAX);
}
