import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { AgentError } from "#lib/errors";
import { silentLog } from "#lib/log";
import { createMqttTransport, type MqttTransportOptions } from "#lib/node/mqtt-transport";
import type { Connection } from "#lib/transport";
import { Inbox } from "../conformance/inbox.ts";
import { createAuthority, LOCALHOST, writeIdentity, type Authority } from "../pki/authority.ts";

const DAY_MS = 86_400_000;
const tomorrow = new Date(Date.now() + DAY_MS);
const yesterday = new Date(Date.now() - DAY_MS);
const CONNACK = Buffer.from([0x20, 3, 0, 0, 0]);

let folder: string;
let authority: Authority;
let ca: string;
const servers: Server[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-pki-"));
  authority = await createAuthority();
  ca = join(folder, "ca.crt");
  writeFileSync(ca, authority.ca);
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function port(server: Server): Promise<number> {
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A server that answers the first bytes of every client with a CONNACK of MQTT 5. */
function startTls(options: TlsOptions): Promise<number> {
  const server = createTlsServer(options, (socket) => {
    socket.on("error", () => socket.destroy()).once("data", () => socket.write(CONNACK));
  });
  return port(server);
}

function connect(options: MqttTransportOptions): Promise<Connection> {
  return createMqttTransport(options, { log: silentLog }).connect({ clientId: "c", keepAliveSeconds: 15 }, new Inbox());
}

async function failureOf(options: MqttTransportOptions): Promise<AgentError> {
  return connect(options).then(
    () => expect.unreachable("it connected"),
    (thrown: unknown) => thrown as AgentError,
  );
}

describe("a broker that proves who it is", () => {
  test("is connected to with the device's certificate", async () => {
    const server = await authority.issue({ name: "broker", hosts: LOCALHOST });
    const files = writeIdentity(folder, "device", await authority.issue({ name: "amr-07" }));
    const at = await startTls({ ...server, ca: authority.ca, requestCert: true, rejectUnauthorized: true });
    const connection = await connect({ url: `mqtts://localhost:${at}`, tls: { ca, ...files } });
    expect(connection.route).toBe(`mqtts://localhost:${at}, MQTT 5`);
    await connection.close();
  });

  test("may have another name in its certificate when the configuration says so", async () => {
    const server = await authority.issue({ name: "broker", hosts: [{ type: "dns", value: "broker.example.com" }] });
    const at = await startTls({ ...server });
    const connection = await connect({ url: `mqtts://127.0.0.1:${at}`, tls: { ca, serverName: "broker.example.com" } });
    expect(connection.route).toContain(`mqtts://127.0.0.1:${at}`);
    await connection.close();
  });
});

describe("who answers in place of the broker is told apart", () => {
  test("a clock that is behind, by the broker's certificate", async () => {
    const at = await startTls(await authority.issue({ name: "broker", hosts: LOCALHOST, notBefore: tomorrow }));
    const failure = await failureOf({ url: `mqtts://localhost:${at}`, tls: { ca } });
    expect(failure).toMatchObject({ code: "transport.clock", retryable: true });
    expect(failure.message).toMatch(/not valid yet by this machine's clock, which shows \d{4}-.*: set the clock/);
  });

  test("a clock that is behind, by the device's own certificate", async () => {
    const files = writeIdentity(folder, "early", await authority.issue({ name: "amr-07", notBefore: tomorrow }));
    const failure = await failureOf({ url: "mqtts://localhost:1", tls: { ca, ...files } });
    expect(failure).toMatchObject({ code: "transport.clock", retryable: true });
    expect(failure.message).toContain("this machine's clock is behind");
  });

  test("a certificate that has expired", async () => {
    const old = { notBefore: new Date(yesterday.getTime() - DAY_MS), notAfter: yesterday };
    const at = await startTls(await authority.issue({ name: "broker", hosts: LOCALHOST, ...old }));
    const failure = await failureOf({ url: `mqtts://localhost:${at}`, tls: { ca } });
    expect(failure).toMatchObject({ code: "transport.untrusted" });
    expect(failure.message).toContain("its certificate has expired, or this machine's clock is ahead");
  });

  test("a portal with a certificate of its own name", async () => {
    const hosts = [{ type: "dns", value: "portal.hotel.example" }] as const;
    const at = await startTls(await authority.issue({ name: "portal", hosts }));
    const failure = await failureOf({ url: `mqtts://localhost:${at}`, tls: { ca } });
    expect(failure).toMatchObject({ code: "transport.untrusted", retryable: true });
    expect(failure.message).toContain("a certificate for portal.hotel.example and not for localhost: a captive portal");
  });

  test("a proxy whose issuer nobody knows", async () => {
    const other = await createAuthority("somebody else");
    const at = await startTls(await other.issue({ name: "broker", hosts: LOCALHOST }));
    const failure = await failureOf({ url: `mqtts://localhost:${at}`, tls: { ca } });
    expect(failure).toMatchObject({ code: "transport.untrusted" });
    expect(failure.message).toContain("unknown issuer");
  });

  test("a portal that answers with a web page", async () => {
    const page = "HTTP/1.1 302 Found\r\nLocation: http://portal.hotel.example/\r\n\r\n";
    const at = await port(createTcpServer((socket) => socket.on("error", () => socket.destroy()).end(page)));
    const failure = await failureOf({ url: `mqtt://127.0.0.1:${at}` });
    expect(failure).toMatchObject({ code: "transport.portal", retryable: true });
    expect(failure.message).toContain('a web server answered there ("HTTP/1.1 302 Found"): a captive portal');
  });

  test("a port without TLS", async () => {
    const page = "HTTP/1.1 400 Bad Request\r\n\r\n";
    const at = await port(createTcpServer((socket) => socket.on("error", () => socket.destroy()).write(page)));
    const failure = await failureOf({ url: `mqtts://localhost:${at}`, tls: { ca } });
    expect(failure).toMatchObject({ code: "transport.untrusted" });
    expect(failure.message).toContain("does not speak TLS");
  });
});

describe("a device that can't prove who it is", () => {
  test("reads that the broker hung up over it", async () => {
    const server = await authority.issue({ name: "broker", hosts: LOCALHOST });
    const stranger = await createAuthority("somebody else");
    const files = writeIdentity(folder, "stranger", await stranger.issue({ name: "amr-07" }));
    const mutual = { ca: authority.ca, requestCert: true, rejectUnauthorized: true, maxVersion: "TLSv1.2" } as const;
    const at = await startTls({ ...server, ...mutual });
    const failure = await failureOf({ url: `mqtts://localhost:${at}`, tls: { ca, ...files } });
    expect(failure).toMatchObject({ code: "transport.unreachable" });
    expect(failure.message).toContain("hung up during the TLS handshake");
  });

  test("reads that its own has expired", async () => {
    const files = writeIdentity(folder, "late", await authority.issue({ name: "amr-07", notAfter: new Date(1000) }));
    const failure = await failureOf({ url: "mqtts://localhost:1", tls: { ca, ...files } });
    expect(failure).toMatchObject({ code: "transport.refused", retryable: false });
    expect(failure.message).toContain("has expired at 1970-01-01T00:00:01.000Z");
  });

  test("is told at its start which file can't be read, or does not fit", async () => {
    const [one, two] = [await authority.issue({ name: "a" }), await authority.issue({ name: "b" })];
    const files = writeIdentity(folder, "mixed", { cert: one.cert, key: two.key });
    const make = (tls: MqttTransportOptions["tls"]): unknown =>
      createMqttTransport({ url: "mqtts://localhost", ...(tls && { tls }) }, { log: silentLog });
    expect(() => make({ ca: join(folder, "none.crt") })).toThrow(/tls\.ca: .*none\.crt cannot be read/);
    expect(() => make(files)).toThrow(/mixed\.crt, .*mixed\.key do not fit together/);
  });
});

describe("several brokers", () => {
  test("are tried in order, and what was wrong with each is said", async () => {
    const server = await authority.issue({ name: "broker", hosts: LOCALHOST });
    const at = await startTls({ ...server });
    const dead = await port(createTcpServer());
    servers.at(-1)!.close();
    const url = `mqtt://127.0.0.1:${dead}`;
    const connection = await connect({ url, fallbacks: [url, `mqtts://localhost:${at}`], tls: { ca } });
    expect(connection.route).toContain(`localhost:${at}`);
    await connection.close();
    const failure = await failureOf({ url, fallbacks: [`mqtts://127.0.0.2:${at}`], tls: { ca } });
    expect(failure.message.match(/cannot reach the MQTT broker at/g)).toHaveLength(2);
    expect(failure).toMatchObject({ code: "transport.unreachable", retryable: true });
  });
});
