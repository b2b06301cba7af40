import { describe, expect, it } from "vitest";
import type { FailurePolicy } from "#contract/contract";
import { exampleContract } from "#contract/example";
import type { z } from "zod";
import { ExecutorBench } from "./executor-fixture.ts";

const failurePolicy: z.infer<typeof FailurePolicy> = {
  rules: [{ when: "true", strategy: "retry", retry: { attempts: 1, backoffSeconds: 1 } }],
  fallback: "escalate",
  replanBudget: 3,
  offline: "finish",
};
const contract = exampleContract({ failurePolicy });

function replansOf(bench: ExecutorBench): string[] {
  return bench.events.map(({ type }) => type).filter((type) => type.startsWith("replan."));
}

async function benchAt(stageId: string): Promise<ExecutorBench> {
  const bench = await ExecutorBench.with(contract);
  bench.cloud = "stays-silent";
  await bench.untilStage(contract, stageId);
  await bench.pass(2);
  return bench;
}

interface Row {
  readonly what: string;
  /** Where the work is when the agent dies. */
  readonly at: string;
  readonly happens: (bench: ExecutorBench) => void;
  readonly code: string;
  readonly detail: string;
}

const CHECKS: readonly Row[] = [
  {
    what: "a robot that was carried away",
    at: "go-to-station",
    happens: ({ robot }) => (robot.pose = { x: 40, y: 40, yaw: 0 }),
    code: "pose_implausible",
    detail: "from where it was last seen",
  },
  {
    what: "a load that is gone",
    at: "go-to-station",
    happens: ({ robot }) => (robot.held = undefined),
    code: "load_lost",
    detail: "the hand is empty",
  },
  {
    what: "a load that it did not take",
    at: "go-to-rack",
    happens: ({ robot }) => (robot.held = { sku: "SKU-1", quantity: 1 }),
    code: "load_unexpected",
    detail: "the hand holds something",
  },
  {
    what: "a tool that is not there any more",
    at: "go-to-rack",
    happens: ({ robot }) => (robot.hand = "gone"),
    code: "tool_gone",
    detail: "the device has no load any more",
  },
  {
    what: "a driver that stays down",
    at: "go-to-rack",
    happens: ({ robot }) => (robot.hand = "unplugged"),
    code: "tool_gone",
    detail: "load is down",
  },
];

describe("a restart", () => {
  it("in a world as it was left goes on without a word", async () => {
    const bench = await benchAt("go-to-station");
    await bench.crash();
    await bench.until(contract, (state) => state.status === "completed");
    expect(replansOf(bench)).toEqual([]);
    expect(bench.eventsOf("stage.failed")).toEqual([]);
  });

  it.each(CHECKS)(
    "that finds $what stands still and asks for a plan with it: $code",
    async ({ at, happens, code, detail }) => {
      const bench = await benchAt(at);
      happens(bench);
      await bench.crash();
      const { x, y } = bench.robot.pose;
      await bench.until(contract, () => bench.questions.length > 0, 60);
      expect(bench.questions).toMatchObject([
        { delta: { code, severity: "major", detail: expect.stringContaining(detail) } },
      ]);
      await bench.until(contract, (state) => state.holds.some(({ by }) => by === "policy"), 60);
      expect(bench.robot.goal).toBeUndefined();
      expect([bench.robot.pose.x, bench.robot.pose.y]).toEqual([x, y]);
      expect(bench.eventsOf("fix.attempted")).toEqual([]);
      expect(bench.state(contract).holds).toMatchObject([{ by: "policy", holdId: `escalation:${at}` }]);
    },
  );

  it("that finds a driver down for a moment waits for it, and goes on", async () => {
    const bench = await benchAt("go-to-rack");
    bench.robot.hand = "unplugged";
    await bench.crash();
    await bench.pass(10);
    expect(bench.robot.goal).toBeUndefined();
    bench.robot.hand = "ok";
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.state(contract).status).toBe("completed");
    expect(replansOf(bench)).toEqual([]);
  });
});
