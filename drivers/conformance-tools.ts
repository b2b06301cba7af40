import { describe, expect, it } from "vitest";
import { itIsADriver } from "./conformance-lifecycle.ts";
import { anyDriverError, done, enable, failure, type LoadRig, type Rig, thrownBy, useRig } from "./conformance-rig.ts";
import type { Scanner } from "./driver.ts";

const driverFailed: unknown = expect.objectContaining({ code: "driver.failed" });

/** What every hand must do. It starts empty. */
export function describeLoadHandler(name: string, makeRig: () => Promise<LoadRig>): void {
  describe(`${name} as a hand`, () => {
    const bench = useRig(makeRig);
    itIsADriver(bench);
    itPicksAndPlaces(bench);
    itKnowsItsKeys(bench);
    itRefuses(bench);
  });
}

/** What every scanner must do; `front` says whether the bench has something with the code `ABC-1` in front of it. */
export function describeScanner(name: string, makeRig: (front: "code" | "nothing") => Promise<Rig<Scanner>>): void {
  describe(`${name} as a scanner`, () => {
    describe("before a code", () => {
      const bench = useRig(() => makeRig("code"));
      itIsADriver(bench);

      it("reads it", async () => {
        const { driver } = await enable(bench());
        expect(await done(bench(), driver.scan(2000))).toEqual({ code: "ABC-1" });
      });

      it("reads nothing unless it is enabled", async () => {
        await done(bench(), bench().driver.open());
        expect(await failure(bench(), bench().driver.scan(1000))).toEqual(anyDriverError);
      });
    });

    describe("before nothing", () => {
      const bench = useRig(() => makeRig("nothing"));

      it("gives up when the time is over", async () => {
        const { driver, clock } = await enable(bench());
        const startMs = clock.nowMs();
        const refusal = await failure(bench(), driver.scan(1000));
        expect(refusal).toEqual(expect.objectContaining({ code: "driver.timeout" }));
        expect(clock.nowMs() - startMs).toBeGreaterThanOrEqual(1000);
      });
    });
  });
}

function itPicksAndPlaces(bench: () => LoadRig): void {
  it("holds what it picked until it is placed", async () => {
    const { driver, sku, from, to } = await enable(bench());
    expect(await done(bench(), driver.held())).toBeUndefined();
    const picked = await done(bench(), driver.pick({ key: "a", sku, quantity: 1, from }));
    expect(picked).toMatchObject({ sku, quantity: 1 });
    expect(await done(bench(), driver.held())).toEqual({ sku, quantity: 1 });
    const placed = await done(bench(), driver.place({ key: "b", to }));
    expect(placed).toMatchObject({ sku, quantity: 1 });
    expect(await done(bench(), driver.held())).toBeUndefined();
  });

  it("finishes what it began when its driver goes away", async () => {
    const rig = await enable(bench());
    const { driver, sku, from, pass } = rig;
    const lost = thrownBy(driver.pick({ key: "a", sku, quantity: 1, from }));
    await pass(200);
    await done(rig, driver[Symbol.asyncDispose]());
    expect(await done(rig, lost)).toEqual(anyDriverError);
    const next = await rig.again();
    await done(rig, next.open());
    expect(await done(rig, next.verify("a"))).toBe("done");
    expect(await done(rig, next.held())).toEqual({ sku, quantity: 1 });
    await done(rig, next[Symbol.asyncDispose]());
  });
}

function itKnowsItsKeys(bench: () => LoadRig): void {
  it("acts once for one key", async () => {
    const { driver, sku, from, to } = await enable(bench());
    const first = await done(bench(), driver.pick({ key: "a", sku, quantity: 1, from }));
    expect(await done(bench(), driver.pick({ key: "a", sku, quantity: 1, from }))).toEqual(first);
    expect(await done(bench(), driver.held())).toEqual({ sku, quantity: 1 });
    const placed = await done(bench(), driver.place({ key: "b", to }));
    expect(await done(bench(), driver.place({ key: "b", to }))).toEqual(placed);
  });

  it("verifies an action that is under way when it has ended", async () => {
    const { driver, sku, from } = await enable(bench());
    const pick = driver.pick({ key: "a", sku, quantity: 1, from });
    expect(await done(bench(), driver.verify("a"))).toBe("done");
    expect(await done(bench(), driver.held())).toEqual({ sku, quantity: 1 });
    await done(bench(), pick);
  });

  it("verifies as not done what failed or never began", async () => {
    const { driver, sku, from, to } = await enable(bench());
    expect(await done(bench(), driver.verify("never"))).toBe("not-done");
    await failure(bench(), driver.place({ key: "empty", to }));
    expect(await done(bench(), driver.verify("empty"))).toBe("not-done");
    await done(bench(), driver.pick({ key: "a", sku, quantity: 1, from }));
    expect(await done(bench(), driver.verify("a"))).toBe("done");
    expect(await done(bench(), driver.verify("next"))).toBe("not-done");
  });
}

function itRefuses(bench: () => LoadRig): void {
  it("refuses to place nothing, and to pick what is not there or when it is full", async () => {
    const { driver, sku, from, to } = await enable(bench());
    expect(await failure(bench(), driver.place({ key: "a", to }))).toEqual(driverFailed);
    const missing = driver.pick({ key: "b", sku: "no-such-sku", quantity: 1, from });
    expect(await failure(bench(), missing)).toEqual(driverFailed);
    expect(await done(bench(), driver.held())).toBeUndefined();
    await done(bench(), driver.pick({ key: "c", sku, quantity: 1, from }));
    expect(await failure(bench(), driver.pick({ key: "d", sku, quantity: 1, from }))).toEqual(driverFailed);
    expect(await done(bench(), driver.held())).toEqual({ sku, quantity: 1 });
  });

  it("acts only when it is enabled", async () => {
    const { driver, sku, from } = bench();
    await done(bench(), driver.open());
    expect(await failure(bench(), driver.pick({ key: "a", sku, quantity: 1, from }))).toEqual(anyDriverError);
    expect(await done(bench(), driver.held())).toBeUndefined();
  });

  it("ends what waits for it when its device is gone", async () => {
    const { driver, sku, from, unplug, pass } = await enable(bench());
    const pick = thrownBy(driver.pick({ key: "a", sku, quantity: 1, from }));
    await pass(100);
    await unplug();
    expect(await done(bench(), pick)).toEqual(anyDriverError);
  });
}
