import { describe, expect, it } from "vitest";
import { Name, Timestamp, Uuid7 } from "./identifiers.ts";

describe("Timestamp", () => {
  it.each(["2026-01-31T09:30:00.000Z", "2024-02-29T23:59:59.999Z"])("takes %s", (text) => {
    expect(Timestamp.safeParse(text).success).toBe(true);
  });

  it.each([
    "2026-02-30T00:00:00.000Z",
    "2026-13-01T00:00:00.000Z",
    "2026-01-31T24:00:00.000Z",
    "2026-01-31T09:30:00Z",
    "2026-01-31T09:30:00.000+01:00",
    "2026-01-31",
  ])("refuses %s", (text) => {
    expect(Timestamp.safeParse(text).success).toBe(false);
  });
});

describe("Name", () => {
  it.each(["a", "amr-07", "rack-b-12.shelf_3", "x".repeat(64)])("takes %s", (text) => {
    expect(Name.safeParse(text).success).toBe(true);
  });

  it.each(["", "a b", "a/b", "a+", "#", "ü", "a\n", "x".repeat(65)])("refuses %j", (text) => {
    expect(Name.safeParse(text).success).toBe(false);
  });
});

describe("Uuid7", () => {
  it("takes version 7 in lower case only", () => {
    expect(Uuid7.safeParse("019b8ce6-1400-7000-8000-000000000001").success).toBe(true);
    expect(Uuid7.safeParse("019b8ce6-1400-4000-8000-000000000001").success).toBe(false);
    expect(Uuid7.safeParse("019B8CE6-1400-7000-8000-000000000001").success).toBe(false);
  });
});
