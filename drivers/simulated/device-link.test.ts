import { beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "#lib/virtual-clock";
import { createDeviceLink, type DeviceLink } from "./device-link.ts";
import { createFarEnd, type FarEnd } from "./far-end.ts";

let clock: VirtualClock;
let far: FarEnd;
let link: DeviceLink;

beforeEach(() => {
  const ends = createFarEnd();
  clock = new VirtualClock();
  far = ends.far;
  link = createDeviceLink(ends.channel, clock, 2);
});

/** The answer, or the error, of a request. */
const verify = (key: string): Promise<unknown> =>
  link.request("load", { type: "verify", key }, "verified", 1000).catch((thrown: unknown) => thrown);

describe("a device link", () => {
  it("gives each request its own answer, in whatever order they come", async () => {
    const answers = [verify("a"), verify("b")];
    far.say({ type: "verified", requestId: 2, verdict: "not-done" });
    far.say({ type: "verified", requestId: 1, verdict: "done" });
    expect(await Promise.all(answers)).toMatchObject([{ verdict: "done" }, { verdict: "not-done" }]);
    expect(far.sent).toEqual([
      { type: "verify", requestId: 1, key: "a" },
      { type: "verify", requestId: 2, key: "b" },
    ]);
    expect(clock.nextDueMs()).toBeUndefined();
  });

  it("times a request out, and overlooks an answer that comes too late", async () => {
    const late = verify("a");
    await clock.advance(1000);
    far.say({ type: "verified", requestId: 1, verdict: "done" });
    expect(await late).toMatchObject({ code: "driver.timeout", message: "no answer to verify in 1000 ms" });
  });

  it("rejects with the device's own words, or when it says something else", async () => {
    const [refused, odd] = [verify("a"), verify("b")];
    far.say({ type: "failed", requestId: 1, code: "driver.failed", message: "no", retryable: true });
    far.say({ type: "done", requestId: 2 });
    expect(await refused).toMatchObject({ code: "driver.failed", message: "no", retryable: true });
    expect(await odd).toMatchObject({ message: "expected verified, the device said done" });
  });

  it("rejects what waits, and all that comes later, when the channel ends", async () => {
    const waiting = verify("a");
    far.hangUp("cable cut");
    expect(await waiting).toMatchObject({ code: "driver.down", message: "cable cut" });
    expect(await verify("b")).toMatchObject({ code: "driver.down", message: "cable cut" });
    expect(link.downReason("base")).toBe("cable cut");
    expect(far.sent).toHaveLength(1);
  });

  it("knows of each device whether it is down", () => {
    far.say({ type: "status", device: "load", state: "down", reason: "unplugged" });
    expect([link.downReason("load"), link.downReason("base")]).toEqual(["unplugged", undefined]);
    far.say({ type: "status", device: "load", state: "ok" });
    expect(link.downReason("load")).toBeUndefined();
  });

  it("ends the requests of a driver that is gone, and the channel with the last driver", async () => {
    const waiting = verify("a");
    const other = link.request("base", { type: "open", device: "base" }, "done", 1000);
    link.release("load");
    expect(await waiting).toMatchObject({ code: "driver.down", message: "load is disposed" });
    far.say({ type: "done", requestId: 2 });
    await other;
    expect(far.isClosed).toBe(false);
    link.release("base");
    expect(far.isClosed).toBe(true);
  });
});
