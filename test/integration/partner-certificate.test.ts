import { execFileSync, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startCloudFixture } from "#cloud/cloud-fixture";
import { AccessRules } from "#cloud/core/access";
import { createHttpServer } from "#cloud/io/http";
import { movementData } from "#contract/feed/example-movement";
import { sha256Hex } from "#contract/io/node-crypto";
import { createJsonPoster } from "#lib/node/json-poster";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";

interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly files: { readonly cert: string; readonly key: string };
}

const TOKEN = "a token that works in development";

/** A key and a certificate that it has signed itself, by OpenSSL. */
function identity(name: string): Identity {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-tls-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", key, "-out", cert, "-nodes"];
  execFileSync("openssl", ["req", "-x509", "-days", "30", "-subj", `/CN=${name}`, ...made], { stdio: "ignore" });
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8"), files: { cert, key } };
}

const isInstalled = spawnSync("openssl", ["version"]).status === 0;
const mustRun = process.env["HOLDFAST_REQUIRE_SERVICES"] === "1";

// Without OpenSSL there are no certificates to show: apt-get install openssl.
test.skipIf(!isInstalled && !mustRun)(
  "in production the partners' feed takes a registered certificate, and no key",
  async () => {
    await using cloud = await startCloudFixture();
    const [own, partner, stranger] = [identity("localhost"), identity("partner"), identity("stranger")];
    const thumbprint = new X509Certificate(partner.cert).fingerprint256.replaceAll(":", "").toLowerCase();
    const bound = { partnerId: "p1", warehouseId: "w1" };
    const access = AccessRules.parse({
      partners: [{ name: "wes", thumbprint, ...bound }],
      tokens: [{ name: "wes-key", sha256: sha256Hex(TOKEN), scopes: ["partner"], ...bound }],
    });
    const deps = { execution: cloud.cloud, clock: cloud.clock, rng: createRng(1), log: silentLog, sha256: sha256Hex };
    const server = createHttpServer({ ...deps, version: "0", access, tls: own, isProduction: true });
    await server.listen({ host: "127.0.0.1", port: 0 });
    onTestFinished(() => server.close());
    const { port } = server.server.address() as AddressInfo;
    const ask = (shown: Partial<Identity>, headers: Record<string, string> = {}): Promise<number> =>
      new Promise((resolve, reject) => {
        const target = { host: "127.0.0.1", port, path: "/wes/v1/no-such-feed", ca: own.cert, servername: "localhost" };
        const call = request(
          { ...target, method: "POST", headers, checkServerIdentity: () => undefined, ...shown },
          (response) => {
            response.resume();
            resolve(response.statusCode!);
          },
        );
        call.on("error", reject).end();
      });
    // Whoever is let in learns that there is no such feed.
    expect(await ask(partner)).toBe(404);
    expect(await ask(stranger)).toBe(401);
    expect(await ask({})).toBe(401);
    expect(await ask({}, { authorization: `Bearer ${TOKEN}` })).toBe(401);

    const movement = { ...movementData(1), warehouse_id: "w1" };
    const post = async ({ files }: Identity): Promise<number> => {
      const tls = { ...files, ca: own.files.cert };
      await using poster = createJsonPoster({ url: `https://localhost:${port}`, tls });
      return (await poster.post("/wes/v1/realtime/movements", [movement])).status;
    };
    expect(await post(partner)).toBe(200);
    expect(await post(stranger)).toBe(401);
    expect((await cloud.cloud.listLedger({ limit: 10 })).rows).toMatchObject([{ partnerId: "p1", warehouseId: "w1" }]);
  },
);
