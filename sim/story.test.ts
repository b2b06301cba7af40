import { describe, expect, it } from "vitest";
import type { DeviceView } from "#cloud/views";
import type { Event } from "#contract/event";
import { divergenceText } from "./sentences.ts";
import type { UnmappedObstacle } from "./record.ts";
import { createStory } from "./story.ts";

const event = (type: string, data: Event["data"], stageId?: string): Event => ({
  seq: 1,
  id: "019b8d2b-93d0-73c1-8bb7-f2686650c03c",
  at: "2026-01-05T08:00:00.000Z",
  monoMs: 0,
  clock: "synced",
  type,
  data,
  ...(stageId === undefined ? {} : { stageId }),
});

const projected = (x: number, sigma: number): DeviceView => ({
  deviceId: "amr-07",
  at: "2026-01-05T08:00:00.000Z",
  ageSeconds: 5,
  mode: "projected",
  source: "projected",
  lastHeardAt: null,
  actions: [],
  journal: { incarnation: "i", committedSeq: 1 },
  pose: { value: [x, 0, 0], sigma },
  activeContract: null,
});

const CIRCLE: UnmappedObstacle = { kind: "circle", x: 5, y: 0, radius: 0.5 };

function listen(obstacle = CIRCLE): { lines: string[]; story: ReturnType<typeof createStory> } {
  const lines: string[] = [];
  const story = createStory({
    contracts: [],
    unmapped: [obstacle],
    tell: ({ t, who, text }) => lines.push(`${t} ${who} ${text}`),
  });
  return { lines, story };
}

describe("createStory", () => {
  it("tells events in sentences and keeps quiet about chatter", () => {
    const { lines, story } = listen();
    story.event(1, "amr-07", event("stage.progress", { share: 0.5 }));
    story.event(2, "amr-07", event("stage.completed", { durationSeconds: 4, distance: 12.34 }, "drive"));
    story.event(3, "amr-07", event("an.unknown.type", {}));
    expect(lines).toEqual(["2 amr-07 has done: drive (4.0 s, 12.3 m driven)"]);
  });

  it("tells estimates now and then, with how far from the truth they are", () => {
    const { lines, story } = listen();
    for (const t of [0, 1, 2, 6, 7]) story.view(t, projected(1, 0.5), { x: 1, y: 2, yaw: 0 });
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["0", "6"]);
    expect(lines[0]).toContain("in truth it is 2.0 m from there");
  });

  it("mentions an obstacle once, when the robot comes near it", () => {
    const { lines, story } = listen();
    const live: DeviceView = { ...projected(0, 0), mode: "live", source: "actual" };
    for (const x of [0, 3.5, 4, 10, 4]) story.view(x, live, { x, y: 0, yaw: 0 });
    expect(lines).toEqual(["3.5 amr-07 steers around something that its map does not show, 1.0 m away"]);
  });

  it("tells how far a long wall is where it is nearest, not from its ends", () => {
    const { lines, story } = listen({
      kind: "wall",
      points: [
        [5, -20],
        [5, 20],
      ],
    });
    story.view(1, { ...projected(0, 0), mode: "live", source: "actual" }, { x: 4, y: 0, yaw: 0 });
    expect(lines).toEqual(["1 amr-07 steers around something that its map does not show, 1.0 m away"]);
  });

  it("says what a reconciliation found wrong, and what right", () => {
    const { lines, story } = listen();
    const items = [
      { kind: "position", projected: [0, 0, 0], actual: [3, 0, 0], delta: 3, unit: "m", size: "material" },
      { kind: "battery", projected: 0.9, actual: 0.9, delta: 0, unit: "1", size: "none" },
    ];
    story.cloud(9, { type: "reconciliation", deviceId: "amr-07", data: { items } });
    expect(lines).toEqual([
      "9 cloud reconciles projection with fact: position off by 3.00 m (material); battery as projected",
    ]);
  });
});

describe("divergenceText", () => {
  it.each([
    [{ delta: 2.345, unit: "m", projected: [0, 0, 0], actual: [1, 1, 0] }, "off by 2.35 m"],
    [{ delta: -30.41, unit: "s", projected: "t1", actual: "t2" }, "30.4 s earlier than projected"],
    [{ delta: 0.125, unit: "1", projected: 0.5, actual: 0.625 }, "off by 12.5 %"],
    [{ delta: 1, unit: "1", projected: "running", actual: "completed" }, "completed, not running"],
    [{ delta: 0, unit: "1", projected: "completed", actual: "completed" }, "completed as projected"],
  ])("%j reads %s", (item, expected) => {
    expect(divergenceText({ kind: "x", size: "minor", ...item })).toBe(expected);
  });
});
