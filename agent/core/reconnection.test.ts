import { beforeEach, describe, expect, test } from "vitest";
import { createRng } from "#lib/rng";
import type { Presence } from "#contract/messages";
import { describeLink, type LinkTrouble } from "./link-state.ts";
import { Reconnection } from "./reconnection.ts";

const closed: LinkTrouble = { code: "transport.closed", reason: "the broker closed the connection" };
const portal: LinkTrouble = { code: "transport.portal", reason: "a web server answered" };
const unreachable: LinkTrouble = { code: "transport.unreachable", reason: "no answer" };
const takenOver: LinkTrouble = { code: "transport.taken_over", reason: "the broker ended the connection" };

let reconnection: Reconnection;
beforeEach(() => {
  reconnection = new Reconnection('"amr-07" of site "hall"', createRng(1));
});

function presence(session: string): Presence {
  return { v: 1, deviceId: "amr-07", state: "lost", incarnation: "i", bootId: "b", session };
}

describe("a setback", () => {
  test("is news when the link was up, and else only when it is new and waiting does not mend it", () => {
    const news = [
      reconnection.failed(closed, 5000, 0),
      reconnection.failed(unreachable, undefined, 1000),
      reconnection.failed(portal, undefined, 2000),
      reconnection.failed(portal, undefined, 3000),
      reconnection.failed(unreachable, undefined, 4000),
    ].map(({ isNews }) => isNews);
    expect(news).toEqual([true, false, true, false, false]);
    expect(reconnection.trouble).toEqual(unreachable);
    reconnection.succeeded();
    expect(reconnection.trouble).toBeUndefined();
  });

  test("makes the next attempt wait ever longer, and begins anew after a good connection", () => {
    const delays = Array.from({ length: 200 }, () => reconnection.failed(unreachable, undefined, 0).retryInMs);
    expect(delays[0]).toBeLessThanOrEqual(1000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(30_000);
    expect(Math.max(...delays)).toBeGreaterThan(25_000);
    expect(reconnection.failed(closed, 60_000, 0).retryInMs).toBeLessThanOrEqual(1000);
  });
});

describe("a second device of the same name", () => {
  test("is recognised by sessions that this program never had, and both slow down", () => {
    const setbacks = [0, 2000, 4000].map((nowMs) => {
      reconnection.began(`own-${nowMs}`);
      reconnection.heard(presence(`own-${nowMs}`), nowMs);
      reconnection.heard(presence(`other-${nowMs}`), nowMs);
      return reconnection.failed(closed, 1000, nowMs);
    });
    expect(setbacks.slice(0, 2).map(({ trouble }) => trouble)).toEqual([closed, closed]);
    expect(Math.max(...setbacks.slice(0, 2).map(({ retryInMs }) => retryInMs))).toBeLessThanOrEqual(2000);
    expect(reconnection.trouble?.code).toBe("transport.taken_over");
    expect(reconnection.trouble?.reason).toContain('another device connects as "amr-07" of site "hall"');
    const delays = Array.from({ length: 50 }, () => reconnection.failed(closed, 1000, 10_000).retryInMs);
    expect(Math.max(...delays)).toBeGreaterThan(200_000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(300_000);
    expect(reconnection.isForRival).toBe(true);
  });

  test("is recognised by brokers that say so, also where its presence is never seen", () => {
    const told = [1, 2, 3].map((at) => reconnection.failed(takenOver, 1000, at * 1000).trouble.reason);
    expect(told[1]).toBe(takenOver.reason);
    expect(told[2]).toContain("give one of them an id of its own");
  });

  test("is not assumed for the sessions that an earlier start of this program left behind", () => {
    reconnection.began("own");
    reconnection.heard(presence("predecessor"), 0);
    reconnection.heard(presence("predecessor"), 10);
    reconnection.heard(presence("older broker's memory"), 20);
    expect(reconnection.failed(closed, 1000, 1000).trouble).toEqual(closed);
  });

  test("is forgotten ten minutes after its last sign", () => {
    for (let at = 0; at < 3; at++) reconnection.heard(presence(`other-${at}`), 0);
    expect(reconnection.failed(closed, 1000, 600_000).trouble.code).toBe("transport.taken_over");
    expect(reconnection.failed(closed, 1000, 600_001)).toMatchObject({ trouble: closed });
    expect(reconnection.isForRival).toBe(false);
  });
});

test("the link is described in one line", () => {
  const state = { attempt: 3, trouble: portal };
  const lines = [
    describeLink({ kind: "online", sinceMs: 1000, session: "s", route: "mqtts://b:8883, MQTT 5" }, 61_000),
    describeLink({ kind: "offline", nextAttemptMs: 12_400, ...state }, 1000),
    describeLink({ kind: "connecting", ...state }, 0),
  ];
  expect(lines).toEqual([
    "online for 60 s through mqtts://b:8883, MQTT 5",
    "offline: a web server answered; next attempt in 11 s",
    "connecting; before: a web server answered",
  ]);
});
