import { describe, expect, test } from "vitest";
import { createMemoryLog } from "#lib/log";
import { VirtualClock } from "#lib/virtual-clock";
import { createAdmission } from "./admission.ts";

describe("what the cloud lets in from its broker", () => {
  test("a flood of one device on one topic is cut off, nobody else and nothing else with it", () => {
    const { admission } = start();
    const admitted = times(10_000, () => admission.admits("amr-07", "reply", "{}"));
    expect(admitted).toBe(400);
    expect(admission.admits("amr-07", "presence", "{}")).toBe(true);
    expect(admission.admits("amr-08", "reply", "{}")).toBe(true);
  });

  test("who was cut off is heard again a second later", async () => {
    const { admission, clock } = start();
    times(1000, () => admission.admits("amr-07", "reply", "{}"));
    await clock.advance(1000);
    expect(times(1000, () => admission.admits("amr-07", "reply", "{}"))).toBe(50);
  });

  test("a message too large for its topic is dropped, one of that size on a topic for larger ones is not", () => {
    const { admission } = start();
    const large = "x".repeat(300_000);
    expect(admission.admits("amr-07", "presence", large)).toBe(false);
    expect(admission.admits("amr-07", "telemetry", large)).toBe(true);
  });

  test.each(["", "a b", "x".repeat(65), "../etc"])("%j is no device", (deviceId) => {
    expect(start().admission.admits(deviceId, "presence", "{}")).toBe(false);
  });

  test("what is dropped is told in sums, every ten seconds at most", async () => {
    const { admission, clock, lines } = start();
    for (let second = 0; second < 25; second++) {
      times(100, () => admission.refuse("amr-07", 'not understood on "ack"'));
      await clock.advance(1000);
    }
    expect(lines.map(({ data }) => data["causes"])).toEqual([
      ['1 not understood on "ack", first of amr-07'],
      ['1000 not understood on "ack", first of amr-07'],
      ['1000 not understood on "ack", first of amr-07'],
    ]);
  });

  test("a flood of one device is cut off also when countless others are heard", () => {
    const { admission } = start();
    const admitted = times(120_000, (at) => admission.admits(`ghost-${at}`, "presence", "{}"));
    expect(admitted).toBe(120_000);
    times(500, () => admission.admits("ghost-119999", "presence", "{}"));
    expect(admission.admits("ghost-119999", "presence", "{}")).toBe(false);
  });
});

function start() {
  const clock = new VirtualClock();
  const { log, lines } = createMemoryLog(100);
  return { admission: createAdmission({ clock, log }), clock, lines };
}

function times(count: number, run: (at: number) => boolean | void): number {
  return Array.from({ length: count }, (_, at) => run(at)).filter(Boolean).length;
}
