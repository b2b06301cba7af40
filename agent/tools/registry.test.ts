import { describe, expect, it } from "vitest";
import type { Contract, Stage } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { AgentError } from "#lib/errors";
import { VirtualClock } from "#lib/virtual-clock";
import type { LoadHandler, Scanner } from "#drivers/driver";
import { createMapSource } from "#edge-planner/map-cache";
import { cleaningOf } from "../execution/cleaning-place.ts";
import type { Permit } from "../core/permit.ts";
import type { ToolResult } from "../core/situation.ts";
import { TestRobot } from "../execution/robot-fixture.ts";
import { createTools } from "./registry.ts";

interface Given {
  readonly contract?: Contract;
  readonly stage?: Partial<Stage>;
  readonly permit?: Permit;
  readonly load?: Partial<LoadHandler>;
  readonly scanner?: Pick<Scanner, "scan">;
}

const cleaning = cleaningOf(
  {
    footprint: [
      [0.2, -0.2],
      [0.2, 0.2],
      [-0.2, 0],
    ],
  },
  createMapSource(),
);

/** Tools on a test robot, asked to do the example's pick unless told otherwise. */
function bench({
  contract = exampleContract(),
  stage,
  permit = { ok: true, maxSpeed: 1 },
  load,
  scanner,
}: Given = {}): {
  clock: VirtualClock;
  robot: TestRobot;
  act: (signal?: AbortSignal) => Promise<ToolResult>;
  verify: () => Promise<object>;
} {
  const clock = new VirtualClock();
  const robot = new TestRobot(clock);
  const drivers = robot.drivers();
  const changed = {
    ...drivers,
    load: { ...drivers.load!, ...load },
    ...(scanner && { scanner: { ...drivers.battery, ...scanner } }),
  };
  const tools = createTools({ clock, control: robot.control(clock), drivers: changed, cleaning });
  const request = { key: "try-1", stage: { ...contract.stages[1]!, ...stage }, contract, permit: () => permit };
  return {
    clock,
    robot,
    act: (signal = new AbortController().signal) => tools.act(request, signal),
    verify: () => tools.verify(request),
  };
}

const scan = (inputs: Stage["inputs"]): Given => ({
  contract: exampleContract({ scope: { actions: [{ action: "scan" }] } }),
  stage: { action: "scan", inputs },
  scanner: { scan: () => Promise.resolve({ code: "A-1" }) },
});
const refuse = (code: "driver.failed" | "driver.timeout" | "driver.down") => () =>
  Promise.reject(new AgentError(code, "said the device"));

describe("the only way to a tool", () => {
  it("is closed to an action that the contract's scope does not name", async () => {
    const { act, clock, robot } = bench({
      contract: exampleContract({ scope: { actions: [{ action: "navigate" }] } }),
    });
    const result = act();
    await clock.advance(10_000);
    expect(await result).toMatchObject({ type: "failed", code: "out_of_scope" });
    expect(robot.movements).toEqual([]);
  });

  it("ends an action that is broken off although the device hangs", async () => {
    const { act, clock, robot } = bench();
    robot.hand = "hangs";
    const abort = new AbortController();
    const result = act(abort.signal);
    await clock.advance(5000);
    abort.abort(new Error("timeout"));
    expect(await result).toEqual({ type: "interrupted" });
  });
});

describe("the hand", () => {
  it("takes what the stage asks for", async () => {
    const { act, clock, robot } = bench();
    const result = act();
    await clock.advance(5000);
    expect(await result).toEqual({ type: "done", output: { sku: "SKU-7890", quantity: 1 } });
    expect(robot.movements).toEqual(["pick 1 SKU-7890"]);
  });

  it("waits until the robot stands, and asks for permission only then", async () => {
    const { act, clock, robot } = bench({ permit: { ok: false } });
    robot.goal = { goalId: "x", pose: { x: 9, y: 0, yaw: 0 }, tolerance: 0.1, maxSpeed: 1, validUntilMs: 1500 };
    const result = act();
    await clock.advance(10_000);
    expect(await result).toEqual({ type: "interrupted" });
    expect(robot.movements).toEqual([]);
  });

  it.each([
    ["driver.failed", "failed", "driver_failed"],
    ["driver.timeout", "in-doubt", "driver_timeout"],
    ["driver.down", "in-doubt", "driver_down"],
  ] as const)("that says %s has %s", async (thrown, type, code) => {
    const { act } = bench({ load: { pick: refuse(thrown) } });
    expect(await act()).toMatchObject({ type, code, detail: "said the device" });
  });

  it("says what the place's sensor saw, also when it is asked after a crash", async () => {
    const place = { action: "place", inputs: { to: "station" } };
    const { act, clock, robot, verify } = bench({ stage: place });
    robot.held = { sku: "SKU-7890", quantity: 1 };
    robot.conveyor = "jammed";
    const result = act();
    await clock.advance(5000);
    const output = { sku: "SKU-7890", quantity: 1, handedOver: false };
    expect(await result).toEqual({ type: "done", output });
    expect(await verify()).toEqual({ answer: "done", output });
    expect(robot.movements).toEqual(["place 1 SKU-7890"]);
  });

  it("does not know about keys that it never heard", async () => {
    expect(await bench().verify()).toEqual({ answer: "not-done" });
  });

  it("that lost its memory says so", async () => {
    const { robot, verify } = bench();
    robot.hand = "forgets";
    expect(await verify()).toMatchObject({ answer: "unknown" });
  });
});

describe("the scanner", () => {
  it("reads the code in front of it", async () => {
    expect(await bench(scan({})).act()).toEqual({ type: "done", output: { code: "A-1", matches: true } });
    expect(await bench(scan({ expect: "A-1" })).act()).toMatchObject({ type: "done" });
  });

  it("fails on another code than the expected one", async () => {
    const result = await bench(scan({ expect: "B-2" })).act();
    expect(result).toEqual({ type: "failed", code: "scan_mismatch", detail: "read A-1, expected was B-2" });
  });

  it("fails when there is nothing to read", async () => {
    const given = { ...scan({}), scanner: { scan: refuse("driver.timeout") } };
    expect(await bench(given).act()).toMatchObject({ type: "failed", code: "driver_timeout" });
  });
});

describe("waiting", () => {
  const waiting = {
    contract: exampleContract({ scope: { actions: [{ action: "wait" }] } }),
    stage: { action: "wait", inputs: { seconds: 30 } },
  };

  it("ends when its time has passed", async () => {
    const { act, clock } = bench(waiting);
    const result = act();
    await clock.advance(30_000);
    expect(await result).toEqual({ type: "done", output: { seconds: 30 } });
  });

  it("can be broken off, and starts over after a crash", async () => {
    const { act, verify } = bench(waiting);
    const abort = new AbortController();
    const result = act(abort.signal);
    abort.abort(new Error("withdrawn"));
    expect(await result).toEqual({ type: "interrupted" });
    expect(await verify()).toEqual({ answer: "not-done" });
  });
});
