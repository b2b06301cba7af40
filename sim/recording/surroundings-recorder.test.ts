import { describe, expect, it } from "vitest";
import { createSurroundingsRecorder } from "./surroundings-recorder.ts";

const NOBODY = { people: [], vehicles: [], doors: [] };
const FOOTPRINT = [
  [1, 0.5],
  [-1, 0.5],
  [-1, -0.5],
  [1, -0.5],
] as const;

describe("the record of what moves beside robots", () => {
  it("tells people, by their radius, from vehicles, by their outline and heading", () => {
    const recorder = createSurroundingsRecorder();
    const person = { id: "person-1", shape: "circle", x: 1, y: 2, radius: 0.3 } as const;
    const vehicle = { id: "vehicle-1", pose: { x: 3, y: 4, yaw: 1 }, footprint: FOOTPRINT };
    recorder.look(0, { ...NOBODY, people: [person], vehicles: [vehicle] });
    recorder.look(1, { ...NOBODY, people: [{ ...person, x: 1.5 }], vehicles: [vehicle] });
    expect(recorder.record().movers).toEqual([
      {
        id: "person-1",
        kind: "person",
        shape: 0.3,
        samples: [
          { t: 0, x: 1, y: 2, yaw: 0 },
          { t: 1, x: 1.5, y: 2, yaw: 0 },
        ],
      },
      {
        id: "vehicle-1",
        kind: "vehicle",
        shape: FOOTPRINT,
        samples: [
          { t: 0, x: 3, y: 4, yaw: 1 },
          { t: 1, x: 3, y: 4, yaw: 1 },
        ],
      },
    ]);
  });

  it("keeps of a door only when it opened and closed", () => {
    const recorder = createSurroundingsRecorder();
    for (const [t, state] of ["closed", "closed", "open", "open", "closed"].entries()) {
      const door = { id: "gate", line: FOOTPRINT.slice(0, 2), state: state as "open" | "closed" };
      recorder.look(t, { ...NOBODY, doors: [door] });
    }
    expect(recorder.record().doors[0]!.changes).toEqual([
      { t: 0, state: "closed" },
      { t: 2, state: "open" },
      { t: 4, state: "closed" },
    ]);
  });
});
