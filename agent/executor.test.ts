import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { ExecutorBench } from "./executor-fixture.ts";

const contract = exampleContract();

describe("the executor", () => {
  it("carries a contract out and records each stage and movement once", async () => {
    const bench = await ExecutorBench.start();
    await bench.accept(contract);
    await bench.until(contract, (state) => state.status === "completed", 120);
    expect(bench.failures).toEqual([]);
    expect(bench.story()).toEqual([
      "contract.accepted",
      "contract.started",
      "stage.started go-to-rack",
      "stage.attempt go-to-rack",
      "stage.completed go-to-rack",
      "stage.started pick",
      "stage.attempt pick",
      "stage.completed pick",
      "movement pick",
      "stage.started go-to-station",
      "stage.attempt go-to-station",
      "stage.completed go-to-station",
      "stage.started place",
      "stage.attempt place",
      "stage.completed place",
      "movement place",
      "contract.completed",
    ]);
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890", "place 1 SKU-7890"]);
  });
});
