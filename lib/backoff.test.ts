import { describe, expect, it } from "vitest";
import { backoff } from "./backoff.ts";
import { createRng } from "./rng.ts";

describe("backoff", () => {
  it("stays below a bound that doubles up to the cap", () => {
    for (let seed = 0; seed < 50; seed++) {
      const delays = backoff({ baseMs: 100, capMs: 1000 }, createRng(seed));
      for (const bound of [100, 200, 400, 800, 1000, 1000]) {
        const delay = delays.next().value;
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(bound);
      }
    }
  });

  it("uses the whole range, so that many devices do not come back at once", () => {
    const first = Array.from(
      { length: 400 },
      (_, seed) => backoff({ baseMs: 1000, capMs: 9000 }, createRng(seed)).next().value,
    );
    const quarters = [0, 1, 2, 3].map((q) => first.filter((delay) => Math.floor(delay / 250.1) === q).length);
    for (const count of quarters) expect(count).toBeGreaterThan(60);
  });
});
