import { describe, expect, it } from "vitest";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { startCloudFixture, type CloudFixture } from "./cloud-fixture.ts";
import { hmacHex } from "./io/webhook-sender.ts";
import { startWebhooks, Webhook, type Delivery } from "./webhooks.ts";

const HOOK = Webhook.parse({ url: "https://example.com/hook", secret: "a secret of sixteen" });

interface Receiver {
  readonly got: Delivery[];
  /** What it answers next, the last one for ever; a text is no answer at all. */
  answers: (number | string)[];
}

function started(cloud: CloudFixture, receiver: Receiver, hook = HOOK): Promise<AsyncDisposable> {
  const send = async (delivery: Delivery): Promise<number> => {
    receiver.got.push(delivery);
    const answer = receiver.answers.length > 1 ? receiver.answers.shift()! : receiver.answers[0]!;
    return typeof answer === "number" ? answer : Promise.reject(new TypeError(answer));
  };
  const { store, clock } = cloud;
  return startWebhooks([hook], { store, clock, rng: createRng(1), log: silentLog, hmac: hmacHex, send });
}

async function raise(cloud: CloudFixture, code: string, severity = "HIGH"): Promise<void> {
  const at = "2026-01-05T08:00:00.000Z";
  await cloud.store.commit([
    { op: "log", entry: { at, type: "command", data: {} } },
    { op: "log", entry: { at, type: "exception", data: { code, severity } } },
  ]);
}

function codes({ got }: Receiver): unknown[] {
  return got.map(({ body }) => (JSON.parse(body) as { data: { code: string } }).data.code);
}

describe("a webhook", () => {
  it("is called with what it asked for, signed over the raw body", async () => {
    await using cloud = await startCloudFixture();
    await raise(cloud, "before");
    const receiver: Receiver = { got: [], answers: [204] };
    await using _ = await started(cloud, receiver);
    await raise(cloud, "after");
    await cloud.pass(1);
    expect(codes(receiver)).toEqual(["after"]);
    const [{ body, headers }] = receiver.got as [Delivery];
    expect(headers["x-holdfast-signature"]).toBe(`sha256=${hmacHex(HOOK.secret, body)}`);
    expect(headers["x-holdfast-delivery"]).toBe(String((JSON.parse(body) as { id: number }).id));
  });

  it("is called for exceptions of its severities only, and goes on behind those that are not for it", async () => {
    await using cloud = await startCloudFixture();
    const receiver: Receiver = { got: [], answers: [204] };
    await using _ = await started(cloud, receiver, { ...HOOK, severities: ["HIGH", "URGENT"] });
    for (const severity of ["LOW", "URGENT", "MEDIUM", "HIGH"]) await raise(cloud, `is ${severity}`, severity);
    await cloud.pass(1);
    expect(codes(receiver)).toEqual(["is URGENT", "is HIGH"]);
  });

  it("is called again until it takes what happened, and the next thing only then", async () => {
    await using cloud = await startCloudFixture();
    const receiver: Receiver = { got: [], answers: [503, "ECONNREFUSED", 200] };
    await using _ = await started(cloud, receiver);
    await raise(cloud, "one");
    await raise(cloud, "two");
    await cloud.pass(10);
    expect(codes(receiver)).toEqual(["one", "one", "one", "two"]);
  });

  it("goes on where it was after a restart", async () => {
    await using cloud = await startCloudFixture();
    const receiver: Receiver = { got: [], answers: [500] };
    const first = await started(cloud, receiver);
    await raise(cloud, "one");
    await cloud.pass(1);
    await first[Symbol.asyncDispose]();
    await raise(cloud, "two");
    const before = receiver.got.length;
    receiver.answers = [200];
    await using _ = await started(cloud, receiver);
    await cloud.pass(1);
    expect(codes(receiver).slice(before)).toEqual(["one", "two"]);
  });

  it("is given up in the end, so that what comes after is told", async () => {
    await using cloud = await startCloudFixture();
    const receiver: Receiver = { got: [], answers: [...Array.from({ length: 12 }, () => 500), 200] };
    await using _ = await started(cloud, receiver);
    await raise(cloud, "one");
    await raise(cloud, "two");
    await cloud.pass(3 * 3600);
    expect(codes(receiver).slice(-2)).toEqual(["one", "two"]);
    expect(receiver.got).toHaveLength(13);
  });
});
