import { describe, expect, it } from "vitest";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { createWire } from "./wire.ts";

function wire(noise = 0): { clock: VirtualClock; got: number[]; wire: ReturnType<typeof createWire> } {
  const clock = new VirtualClock({ nowMs: 1000 });
  const got: number[] = [];
  const deliver = (bytes: Uint8Array): void => void got.push(...bytes);
  return { clock, got, wire: createWire({ clock, rng: createRng(1), baudRate: 9600, noise: () => noise, deliver }) };
}
const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, at) => at & 0xff);

describe("a wire", () => {
  it("carries 960 bytes a second at 9600 Bd, in order", async () => {
    const { clock, got, wire: line } = wire();
    line.send(bytes(500));
    line.send(bytes(500));
    await clock.advance(500);
    expect(got.length).toBeGreaterThanOrEqual(475);
    expect(got.length).toBeLessThanOrEqual(480);
    await clock.advance(600);
    expect(got).toEqual([...bytes(500), ...bytes(500)]);
  });

  it("damages about the share of bytes that it is told to, one bit each", async () => {
    const { clock, got, wire: line } = wire(0.1);
    line.send(new Uint8Array(2000));
    await clock.advance(3000);
    const damaged = got.filter((byte) => byte !== 0);
    expect(damaged.length).toBeGreaterThan(140);
    expect(damaged.length).toBeLessThan(260);
    expect(damaged.every((byte) => Number.isInteger(Math.log2(byte)))).toBe(true);
  });

  it("forgets what was on its way when the plug is pulled", async () => {
    const { clock, got, wire: line } = wire();
    line.send(bytes(500));
    await clock.advance(100);
    line.clear();
    const before = got.length;
    await clock.advance(1000);
    expect(got.length).toBe(before);
    line.send(bytes(3));
    await clock.advance(100);
    expect(got.slice(before)).toEqual([0, 1, 2]);
  });
});
