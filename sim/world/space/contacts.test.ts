import { describe, expect, it } from "vitest";
import type { Pose } from "#lib/geometry";
import { Contacts, type Movement } from "./contacts.ts";
import type { Neighbour } from "./surroundings.ts";

const at = (x: number): Pose => ({ x, y: 0, yaw: 0 });
/** A wall at `x` metres, seen from a body that is a point. */
const wallAt =
  (x: number) =>
  (pose: Pose): Neighbour[] => [{ id: "wall", gap: Math.max(0, x - pose.x) }];

/** A movement along x by somebody who knows nothing about his surroundings. */
const way = (from: number, to: number): Movement<Pose> => ({
  from: at(from),
  at: (share) => at(from + share * (to - from)),
  reach: Math.abs(to - from),
  clear: 0,
});

describe("contacts", () => {
  it("lets a body move that meets nothing", () => {
    const { isBlocked, struck, nearest } = new Contacts().judge(way(0, 0.5), wallAt(1), 1);
    expect([isBlocked, struck, nearest]).toEqual([false, [], [{ id: "wall", gap: 0.5 }]]);
  });

  it("blocks a body that moves into something, and counts that once until it has backed off", () => {
    const contacts = new Contacts();
    const first = contacts.judge(way(0.98, 1), wallAt(1), 0);
    expect(first).toMatchObject({ isBlocked: true, struck: ["wall"] });
    expect(first.pose.x).toBeLessThan(1);
    expect(first.nearest[0]!.gap).toBeLessThan(2e-3);
    expect(contacts.judge(way(0.999, 1), wallAt(1), 0)).toMatchObject({ isBlocked: true, struck: [] });
    expect(contacts.judge(way(0.98, 0.96), wallAt(1), 0)).toMatchObject({ isBlocked: false, struck: [] });
    expect(contacts.judge(way(0.96, 1), wallAt(1), 0)).toMatchObject({ isBlocked: true, struck: [] });
    expect(contacts.judge(way(0.96, 0.9), wallAt(1), 0)).toMatchObject({ isBlocked: false });
    expect(contacts.judge(way(0.9, 1), wallAt(1), 0)).toMatchObject({ isBlocked: true, struck: ["wall"] });
  });

  it("blames what moved into the body, and does not hold the body for it", () => {
    const contacts = new Contacts();
    expect(contacts.judge(way(1, 1), wallAt(0.9), 0)).toMatchObject({
      isBlocked: false,
      struck: [],
      touchedBy: ["wall"],
    });
    expect(contacts.judge(way(1, 0.95), wallAt(0.9), 0)).toMatchObject({ isBlocked: false, touchedBy: [] });
  });

  it("jumps over nothing, however thin it is and however fast the movement", () => {
    const sheet = (pose: Pose): Neighbour[] => [{ id: "sheet", gap: Math.max(0, Math.abs(pose.x - 7) - 0.0005) }];
    const passage = new Contacts().judge(way(0, 50), sheet, 0.1);
    expect(passage).toMatchObject({ isBlocked: true, struck: ["sheet"] });
    expect(passage.pose.x).toBeCloseTo(7, 2);
  });
});
