import { createHmac, createPrivateKey, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { SIGNED_BYTES_MAX } from "../compact-jws.ts";
import type { Signer, Verifier } from "../crypto.ts";
import type { KeySet, PrivateJwk } from "../keys.ts";
import { createJoseSigner, createJoseVerifier } from "./jose-crypto.ts";
import { createNodeSigner, createNodeVerifier, generateKey, sha256Hex } from "./node-crypto.ts";

interface Edge {
  readonly name: string;
  readonly signer: (jwk: PrivateJwk) => Promise<Signer>;
  readonly verifier: (keys: KeySet) => Promise<Verifier>;
}

const EDGES: readonly Edge[] = [
  {
    name: "node:crypto",
    signer: (jwk) => Promise.resolve(createNodeSigner(jwk)),
    verifier: (keys) => Promise.resolve(createNodeVerifier(keys)),
  },
  { name: "jose", signer: createJoseSigner, verifier: createJoseVerifier },
];
const PAIRS = EDGES.flatMap((signs) => EDGES.map((reads) => ({ signs, reads })));

/** Key pair and thumbprint of RFC 8037, appendix A. */
const RFC_KEY: PrivateJwk = {
  kty: "OKP",
  crv: "Ed25519",
  d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
  x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
};
const RFC_KID = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
const TRUST: KeySet = { keys: [RFC_KEY] };

const PAYLOAD = { commandId: "c-1", text: "Größe ✓", nested: { list: [1, 2.5, null] } };
const TYPE = "hf-command+jws";

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A JWS with any header, signed correctly over what it says. */
function signedWith(header: object, payload: string = encode(PAYLOAD)): string {
  const signed = `${encode(header)}.${payload}`;
  const key = createPrivateKey({ key: RFC_KEY, format: "jwk" });
  return `${signed}.${sign(null, Buffer.from(signed), key).toString("base64url")}`;
}

describe.each(PAIRS)("signed by $signs.name, read by $reads.name", ({ signs, reads }) => {
  it("yields the payload and the thumbprint of the key", async () => {
    const jws = await (await signs.signer(RFC_KEY)).sign(TYPE, PAYLOAD);
    expect(await (await reads.verifier(TRUST)).verify(jws, TYPE)).toEqual({
      ok: true,
      kid: RFC_KID,
      payload: PAYLOAD,
    });
  });

  it("is refused as unknown_key when the key is not trusted", async () => {
    const jws = await (await signs.signer(generateKey().privateJwk)).sign(TYPE, PAYLOAD);
    expect(await (await reads.verifier(TRUST)).verify(jws, TYPE)).toMatchObject({ ok: false, reason: "unknown_key" });
  });

  it("is refused after any bit of it was flipped", async () => {
    const jws = await (await signs.signer(RFC_KEY)).sign(TYPE, { n: 1 });
    const verifier = await reads.verifier(TRUST);
    const bytes = Buffer.from(jws);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const verified = await verifier.verify(flipped.toString("latin1"), TYPE);
      expect(verified.ok, `bit ${bit}`).toBe(false);
    }
  });
});

describe("both signers", () => {
  it("write the same bytes, as Ed25519 is deterministic", async () => {
    const [node, jose] = await Promise.all(
      EDGES.map(async ({ signer }) => (await signer(RFC_KEY)).sign(TYPE, PAYLOAD)),
    );
    expect(node).toBe(jose);
  });
});

describe.each(EDGES)("header attacks on $name", ({ verifier }) => {
  const good = { alg: "EdDSA", kid: RFC_KID, typ: TYPE };
  const attacks: readonly { name: string; header: object }[] = [
    { name: "alg none", header: { ...good, alg: "none" } },
    { name: "alg HS256", header: { ...good, alg: "HS256" } },
    { name: "alg in another case", header: { ...good, alg: "eddsa" } },
    { name: "no alg", header: { kid: RFC_KID, typ: TYPE } },
    { name: "no kid", header: { alg: "EdDSA", typ: TYPE } },
    { name: "the type of another document", header: { ...good, typ: "hf-contract+jws" } },
    { name: "no typ", header: { alg: "EdDSA", kid: RFC_KID } },
    { name: "an extension", header: { ...good, crit: ["b64"], b64: false } },
    { name: "an embedded key", header: { ...good, jwk: { kty: "OKP", crv: "Ed25519", x: RFC_KEY.x } } },
    { name: "a key to fetch", header: { ...good, jku: "https://attacker.example/keys" } },
  ];

  it.each(attacks)("refuses $name, though the signature fits", async ({ header }) => {
    const verified = await (await verifier(TRUST)).verify(signedWith(header), TYPE);
    expect(verified).toMatchObject({ ok: false, reason: "bad_signature" });
  });

  it("accepts the header that the attacks start from", async () => {
    expect(await (await verifier(TRUST)).verify(signedWith(good), TYPE)).toMatchObject({ ok: true });
  });

  it("refuses an HMAC keyed with the public key", async () => {
    const signed = `${encode({ ...good, alg: "HS256" })}.${encode(PAYLOAD)}`;
    const mac = createHmac("sha256", Buffer.from(RFC_KEY.x, "base64url")).update(signed).digest("base64url");
    expect((await (await verifier(TRUST)).verify(`${signed}.${mac}`, TYPE)).ok).toBe(false);
  });

  it.each(["", ".", "..", "a.b", "a.b.c.d", "{}", "ä.ö.ü"])("refuses the text %j", async (text) => {
    expect(await (await verifier(TRUST)).verify(text, TYPE)).toMatchObject({ ok: false, reason: "bad_signature" });
  });

  it("refuses a signed payload that is no JSON", async () => {
    const jws = signedWith(good, Buffer.from([0xff, 0xfe]).toString("base64url"));
    expect(await (await verifier(TRUST)).verify(jws, TYPE)).toMatchObject({ ok: false, reason: "bad_signature" });
  });

  it("refuses a payload over 4 MiB and takes one just below", async () => {
    const fill = (length: number): { fill: string } => ({ fill: "x".repeat(length - '{"fill":""}'.length) });
    const reader = await verifier(TRUST);
    const signer = createNodeSigner(RFC_KEY);
    expect((await reader.verify(await signer.sign(TYPE, fill(SIGNED_BYTES_MAX)), TYPE)).ok).toBe(true);
    expect(await reader.verify(await signer.sign(TYPE, fill(SIGNED_BYTES_MAX + 1)), TYPE)).toEqual({
      ok: false,
      reason: "bad_signature",
      detail: "larger than 4 MiB",
    });
  });
});

describe("generateKey", () => {
  it("makes the key of RFC 8032 from its seed", () => {
    const made = generateKey(Buffer.from(RFC_KEY.d, "base64url"));
    expect(made).toEqual({
      privateJwk: RFC_KEY,
      publicJwk: { kty: "OKP", crv: "Ed25519", x: RFC_KEY.x },
      kid: RFC_KID,
    });
  });

  it("draws another key each time", () => {
    expect(generateKey().kid).not.toBe(generateKey().kid);
  });
});

describe("sha256Hex", () => {
  it("hashes the UTF-8 bytes (FIPS 180-4 example)", () => {
    expect(sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(sha256Hex("é")).toBe(sha256Hex(Buffer.from([0xc3, 0xa9]).toString("utf8")));
  });
});
