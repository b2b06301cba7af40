import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { AgentError } from "#lib/errors";
import { VirtualClock } from "#lib/virtual-clock";
import type { Verification } from "../core/situation.ts";
import { ROBOT } from "../core/situation-fixture.ts";
import { TestRobot } from "./robot-fixture.ts";
import { StageRunner } from "./stage-runner.ts";
import type { Tools } from "../tools/registry.ts";

const contract = exampleContract();

function bench(tools: Partial<Tools>): {
  clock: VirtualClock;
  runner: StageRunner;
  request: Parameters<StageRunner["ask"]>[0];
  counts: { ended: number; failures: unknown[]; felt: number };
} {
  const clock = new VirtualClock();
  const counts = { ended: 0, failures: [] as unknown[], felt: 0 };
  const runner = new StageRunner({
    clock,
    control: new TestRobot(clock).control(clock),
    tools: { act: () => new Promise(() => undefined), verify: () => new Promise(() => undefined), ...tools },
    senses: {
      view: () => ROBOT,
      feel: () => {
        counts.felt++;
        return Promise.resolve();
      },
    },
    onEnded: () => counts.ended++,
    onFailure: (thrown) => counts.failures.push(thrown),
  });
  const request = { contract, stage: contract.stages[1]!, n: 1, key: "k", permit: () => ({ ok: false }) as const };
  return { clock, runner, request, counts };
}

const down = (): Promise<Verification> => Promise.reject(new AgentError("driver.down", "not there yet"));

describe("an action", () => {
  it("is captured with what the hand feels when it has ended", async () => {
    const { clock, runner, request, counts } = bench({ act: () => Promise.resolve({ type: "done", output: {} }) });
    runner.act(request, ROBOT);
    await clock.advance(0);
    expect(runner.attempts[0]).toMatchObject({ stageId: "pick", n: 1, result: { type: "done" } });
    expect(counts).toMatchObject({ ended: 1, felt: 1 });
  });

  it("that was forgotten does not come back when it ends", async () => {
    const { promise, resolve } = Promise.withResolvers<{ type: "done"; output: object }>();
    const { clock, runner, request, counts } = bench({ act: () => promise as never });
    runner.act(request, ROBOT);
    runner.forget({ contractId: contract.contractId, stageId: "pick" });
    resolve({ type: "done", output: {} });
    await clock.advance(0);
    expect(runner.attempts[0]).toBeUndefined();
    expect(counts.ended).toBe(0);
  });

  it("that throws is a bug, and is told as one", async () => {
    const { clock, runner, request, counts } = bench({ act: () => Promise.reject(new TypeError("no such thing")) });
    runner.act(request, ROBOT);
    await clock.advance(0);
    expect(counts.failures).toEqual([expect.any(TypeError)]);
  });
});

describe("a question about an attempt", () => {
  it("is asked again while the device is not there yet", async () => {
    let asked = 0;
    const verify = (): Promise<Verification> => (++asked < 4 ? down() : Promise.resolve({ answer: "not-done" }));
    const { clock, runner, request } = bench({ verify });
    runner.ask(request, undefined);
    await clock.advance(1400);
    expect(runner.inquiries[0]?.answer).toBeUndefined();
    await clock.advance(200);
    expect(runner.inquiries[0]?.answer).toEqual({ answer: "not-done" });
  });

  it.each([
    ["is not there", down, "not there yet"],
    ["hangs", () => new Promise<Verification>(() => undefined), "the device does not answer"],
  ])("is given up after half a minute when the device %s", async (_what, verify, detail) => {
    const { clock, runner, request } = bench({ verify });
    runner.ask(request, { code: "timeout", detail: "" });
    await clock.advance(29_000);
    expect(runner.inquiries[0]).toMatchObject({ cause: { code: "timeout" } });
    expect(runner.inquiries[0]?.answer).toBeUndefined();
    await clock.advance(1500);
    expect(runner.inquiries[0]?.answer).toEqual({ answer: "unknown", detail });
  });
});
