import { describe, expect, it } from "vitest";
import { VirtualClock } from "#lib/virtual-clock";
import { Life } from "./life.ts";

describe("Life", () => {
  it("stops timers that were armed before its end, and only its own", async () => {
    const clock = new VirtualClock();
    const life = new Life();
    const fired: string[] = [];
    life.clock(clock).after(10, () => fired.push("dead"));
    new Life().clock(clock).after(10, () => fired.push("alive"));
    life.end();
    await clock.advance(20);
    expect(fired).toEqual(["alive"]);
  });

  it("never settles what was under way at its end, and refuses to begin anything after", async () => {
    let calls = 0;
    const { promise, resolve } = Promise.withResolvers<string>();
    const port = {
      write: () => {
        calls++;
        return promise;
      },
    };
    const life = new Life();
    const mortal = life.port(port);
    const outcomes: string[] = [];
    void mortal.write().then((value) => outcomes.push(value));
    life.end();
    void mortal.write().then((value) => outcomes.push(value));
    resolve("written");
    await new Promise((done) => setImmediate(done));
    expect(calls).toBe(1);
    expect(outcomes).toEqual([]);
  });

  it("passes values, failures and `this` through while it lasts", async () => {
    class Counter {
      #count = 0;
      add(by: number): Promise<number> {
        this.#count += by;
        return by < 0 ? Promise.reject(new RangeError("negative")) : Promise.resolve(this.#count);
      }
    }
    const counter = new Life().port(new Counter());
    expect(await counter.add(2)).toBe(2);
    await expect(counter.add(-1)).rejects.toThrow("negative");
  });
});
