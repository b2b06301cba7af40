import "reflect-metadata";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createPrivateKey } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Pkcs10CertificateRequest } from "@peculiar/x509";
import { afterEach, beforeEach, expect, test } from "vitest";
import { requestCertificate } from "./certificate-request.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-keys-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

test("a device asks for a certificate in its own name, with a key that only its owner can read", async () => {
  const { key, request } = await requestCertificate("amr-07", folder);
  const parsed = new Pkcs10CertificateRequest(readFileSync(request, "utf8"));
  expect(parsed.subject).toBe("CN=amr-07");
  expect(await parsed.verify()).toBe(true);
  expect(createPrivateKey(readFileSync(key, "utf8")).asymmetricKeyDetails).toMatchObject({ namedCurve: "prime256v1" });
  expect(statSync(key).mode & 0o777).toBe(0o600);
});

test("a key is never written over", async () => {
  const { key } = await requestCertificate("amr-07", folder);
  const before = readFileSync(key, "utf8");
  await expect(requestCertificate("amr-07", folder)).rejects.toMatchObject({ code: "config.invalid" });
  expect(readFileSync(key, "utf8")).toBe(before);
});
