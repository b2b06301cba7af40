import { beforeEach, describe, expect, test } from "vitest";
import { AgentError } from "#lib/errors";
import type { Event } from "#contract/event";
import { LinkBench } from "./link-fixture.ts";

let bench: LinkBench;

beforeEach(async () => {
  bench = await LinkBench.start();
});

async function changes(): Promise<readonly Event["data"][]> {
  const { firstSeq, lastSeq } = bench.journal.range();
  const slice = await bench.journal.read(Math.max(1, firstSeq), lastSeq, 1_000_000);
  return (slice?.events ?? []).filter(({ type }) => type === "link.changed").map(({ data }) => data);
}

describe("the state of the link", () => {
  test("says that it is online, since when and in which session", () => {
    const session = bench.link.session();
    expect(bench.link.state()).toMatchObject({ kind: "online", session, sinceMs: expect.any(Number) as number });
  });

  test("says what keeps it down and when the next attempt begins", async () => {
    bench.broker.mode = "down";
    bench.broker.cut("network gone");
    expect(bench.link.state()).toMatchObject({
      kind: "offline",
      attempt: 1,
      trouble: { code: "transport.closed", reason: "network gone" },
    });
    await bench.clock.advance(10_000);
    const state = bench.link.state();
    expect(state).toMatchObject({ kind: "offline", trouble: { code: "transport.unreachable", reason: "no broker" } });
    expect(state.kind === "offline" && state.nextAttemptMs > bench.clock.nowMs()).toBe(true);
  });

  test("says that it is stopped", async () => {
    await bench.link[Symbol.asyncDispose]();
    expect(bench.link.state()).toEqual({ kind: "stopped" });
    expect(bench.readdress.size).toBe(0);
  });
});

test("what needs somebody is journaled once, although the link was down before", async () => {
  bench.broker.mode = "down";
  bench.broker.cut("network gone");
  await bench.clock.advance(60_000);
  bench.broker.failure = new AgentError("transport.clock", "the clock is behind", { retryable: true });
  await bench.clock.advance(120_000);
  expect((await changes()).slice(1)).toMatchObject([
    { state: "offline", reason: "network gone" },
    { state: "offline", reason: "the clock is behind", code: "transport.clock" },
  ]);
  bench.broker.mode = "up";
  await bench.clock.advance(60_000);
  expect(bench.link.isOnline()).toBe(true);
});

describe("two devices of one name", () => {
  test("slow down instead of throwing each other out without end, and the journal says why", async () => {
    const twin = new LinkBench();
    Object.assign(twin, { clock: bench.clock, broker: bench.broker });
    await twin.startAgent();
    await bench.clock.advance(1_800_000);
    expect(bench.broker.connects.length).toBeLessThan(60);
    const { state, code, reason } = (await changes()).findLast((data) => data["code"] !== undefined)!;
    expect([state, code]).toEqual(["offline", "transport.taken_over"]);
    expect(reason).toContain('another device connects as "amr-07" of site "default"');
  });
});

describe("when the machine's addresses change", () => {
  test("a connection that still answers is kept", async () => {
    bench.roam();
    await bench.clock.advance(10_000);
    expect(bench.broker.connects).toHaveLength(1);
    expect(bench.link.isOnline()).toBe(true);
  });

  test("a connection that no longer answers is made anew within seconds", async () => {
    bench.broker.mode = "silent";
    bench.roam();
    await bench.clock.advance(5000);
    expect(bench.link.state()).toMatchObject({ kind: "offline", trouble: { code: "transport.silent" } });
    bench.broker.mode = "up";
    await bench.clock.advance(2000);
    expect(bench.link.isOnline()).toBe(true);
    expect((await changes())[1]).toMatchObject({ reason: expect.stringContaining("addresses changed") as string });
  });

  test("the next attempt is not put off any longer", async () => {
    bench.broker.mode = "down";
    bench.broker.cut();
    await bench.clock.advance(120_000);
    bench.broker.mode = "up";
    bench.roam();
    await bench.clock.advance(1010);
    expect(bench.link.isOnline()).toBe(true);
  });
});
