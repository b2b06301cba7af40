import { describe, expect, it } from "vitest";
import { rehearse } from "./rehearsal.ts";

describe("rehearse", () => {
  it("reads a contract that is valid as a whole", () => {
    expect(rehearse).not.toThrow();
  });
});
