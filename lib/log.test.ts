import { describe, expect, it } from "vitest";
import { createMemoryLog } from "./log.ts";

describe("createMemoryLog", () => {
  it("keeps the last lines, each with what its children were bound to", () => {
    const { log, lines } = createMemoryLog(2);
    const child = log.child({ module: "executor" }).child({ contractId: "c" });
    log.info({}, "first");
    child.warn({ code: "x" }, "second");
    child.info({ module: "own" }, "third");
    expect(lines).toEqual([
      { level: "warn", message: "second", data: { module: "executor", contractId: "c", code: "x" } },
      { level: "info", message: "third", data: { module: "own", contractId: "c" } },
    ]);
  });
});
