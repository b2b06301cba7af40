import { describe, expect, it } from "vitest";
import type { Pose } from "#lib/geometry";
import { Contacts } from "./contacts.ts";
import type { Neighbour } from "./surroundings.ts";

const at = (x: number): Pose => ({ x, y: 0, yaw: 0 });
/** A wall at `x` metres, seen from a body that is a point. */
const wallAt =
  (x: number) =>
  (pose: Pose): Neighbour[] => [{ id: "wall", gap: Math.max(0, x - pose.x) }];

describe("contacts", () => {
  it("lets a body move that meets nothing", () => {
    const { isBlocked, struck, nearest } = new Contacts().judge(at(0), at(0.5), wallAt(1), 1);
    expect([isBlocked, struck, nearest]).toEqual([false, [], [{ id: "wall", gap: 0.5 }]]);
  });

  it("blocks a body that moves into something, and counts that once until it has backed off", () => {
    const contacts = new Contacts();
    const first = contacts.judge(at(0.98), at(1), wallAt(1), 0);
    expect(first).toMatchObject({ isBlocked: true, struck: ["wall"] });
    expect(first.nearest[0]!.gap).toBeCloseTo(0.02, 12);
    expect(contacts.judge(at(0.98), at(1), wallAt(1), 0)).toMatchObject({ isBlocked: true, struck: [] });
    expect(contacts.judge(at(0.98), at(0.96), wallAt(1), 0)).toMatchObject({ isBlocked: false, struck: [] });
    expect(contacts.judge(at(0.96), at(1), wallAt(1), 0)).toMatchObject({ isBlocked: true, struck: [] });
    expect(contacts.judge(at(0.96), at(0.9), wallAt(1), 0)).toMatchObject({ isBlocked: false });
    expect(contacts.judge(at(0.9), at(1), wallAt(1), 0)).toMatchObject({ isBlocked: true, struck: ["wall"] });
  });

  it("blames what moved into the body, and does not hold the body for it", () => {
    const contacts = new Contacts();
    expect(contacts.judge(at(1), at(1), wallAt(0.9), 0)).toMatchObject({
      isBlocked: false,
      struck: [],
      touchedBy: ["wall"],
    });
    expect(contacts.judge(at(1), at(0.95), wallAt(0.9), 0)).toMatchObject({ isBlocked: false, touchedBy: [] });
  });
});
