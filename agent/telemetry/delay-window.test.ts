import { describe, expect, it } from "vitest";
import { DelayWindow } from "./delay-window.ts";

const BLOCK = 2000;

/** Sends blocks over a link that carries so many bytes a second, each answered after the round trip; returns the most delay. */
function send(
  window: DelayWindow,
  link: { readonly bytesPerSecond: number; readonly roundTripMs: number },
  blocks: number,
): number {
  const under: { readonly sentMs: number; readonly answeredMs: number }[] = [];
  let [nowMs, freeMs, worst] = [0, 0, 0];
  for (let sent = 0; sent < blocks;) {
    if (window.hasRoom(BLOCK)) {
      freeMs = Math.max(nowMs, freeMs) + (BLOCK * 1000) / link.bytesPerSecond;
      under.push({ sentMs: nowMs, answeredMs: freeMs + link.roundTripMs });
      window.sent(BLOCK);
      sent++;
      continue;
    }
    const { sentMs, answeredMs } = under.shift()!;
    nowMs = Math.max(nowMs, answeredMs);
    if (sent > blocks / 2) worst = Math.max(worst, nowMs - sentMs);
    window.acknowledged(BLOCK, sentMs, nowMs);
  }
  return worst;
}

describe("the window of the backlog", () => {
  it("keeps the queue on a slow link short, so that a live message does not wait behind it", () => {
    const worst = send(new DelayWindow(), { bytesPerSecond: 32_000, roundTripMs: 50 }, 400);
    expect(worst).toBeLessThan(50 + 80 + (3 * BLOCK * 1000) / 32_000);
  });

  it("grows on a fast link until the link is full", () => {
    const window = new DelayWindow();
    send(window, { bytesPerSecond: 50_000_000, roundTripMs: 50 }, 4000);
    expect(window.bytes).toBeGreaterThan(200_000);
  });

  it("lets one message through, however large", () => {
    const window = new DelayWindow();
    expect(window.hasRoom(1_000_000)).toBe(true);
    window.sent(1_000_000);
    expect(window.hasRoom(1)).toBe(false);
    window.lost(1_000_000);
    expect(window.hasRoom(1)).toBe(true);
  });
});
