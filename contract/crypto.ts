/** What a compact JWS of ours may be (header `typ`). */
export type DocumentType = "hf-contract+jws" | "hf-command+jws";

/** Signs with one Ed25519 key (JWS `alg` EdDSA, RFC 8037). */
export interface Signer {
  /** RFC 7638 thumbprint of the key. */
  readonly kid: string;
  sign(type: DocumentType, payload: object): Promise<string>;
}

export type Verified =
  | { readonly ok: true; readonly kid: string; readonly payload: unknown }
  | { readonly ok: false; readonly reason: "bad_signature" | "unknown_key"; readonly detail: string };

/** Verifies against a set of trusted keys; never throws for what somebody sent. */
export interface Verifier {
  verify(jws: string, type: DocumentType): Promise<Verified>;
}

/** Hex SHA-256 of the UTF-8 bytes of a text; synchronous everywhere. */
export type Sha256 = (text: string) => string;
