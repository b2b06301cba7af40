import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBucketQueue } from "./bucket-queue.ts";

describe("bucket queue", () => {
  it("gives out costs in ascending order, to the width of a bucket, and loses none", () => {
    const costs = fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 1, maxLength: 3000 });
    fc.assert(
      fc.property(costs, (values) => {
        const queue = createBucketQueue(0.25, 20);
        values[0] = 0;
        for (const [item, cost] of values.entries()) queue.push(item, cost);
        const popped: number[] = [];
        for (let item = queue.pop(); item >= 0; item = queue.pop()) popped.push(item);
        expect([...popped].sort((a, b) => a - b)).toEqual(values.map((_, item) => item));
        for (let at = 1; at < popped.length; at++) {
          expect(values[popped[at]!]!).toBeGreaterThan(values[popped[at - 1]!]! - 0.25);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("takes pushes between pops, as a search makes them, for longer than the ring is", () => {
    const queue = createBucketQueue(0.25, 3);
    queue.push(0, 0);
    let last = -1;
    for (let turn = 0; turn < 500; turn++) {
      const item = queue.pop();
      const cost = queue.poppedCost();
      expect(cost).toBeGreaterThan(last - 0.25);
      last = cost;
      queue.push(item + 1, cost + 0.4);
      if (turn % 2 === 0) queue.push(item + 1000, cost + 2.9);
    }
  });

  it("is empty until something is pushed, and again when all was taken", () => {
    const queue = createBucketQueue(1, 5);
    expect(queue.pop()).toBe(-1);
    queue.push(7, 3);
    expect(queue.pop()).toBe(7);
    expect(queue.poppedCost()).toBe(3);
    expect(queue.pop()).toBe(-1);
  });
});
