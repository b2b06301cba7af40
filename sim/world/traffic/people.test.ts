import { expect, it } from "vitest";
import { personAt } from "./people.ts";
import { WayfarerSpec } from "../world-spec.ts";

it("walks along the path and back, for ever", () => {
  const person = WayfarerSpec.parse({
    path: [
      [0, 0],
      [4, 0],
      [4, 2],
    ],
    speed: 0.5,
  });
  const at = (seconds: number): [number, number] => {
    const { x, y } = personAt(person, 0, seconds);
    return [x, y];
  };
  expect([0, 4, 10, 12, 14, 24, 28].map(at)).toEqual([
    [0, 0],
    [2, 0],
    [4, 1],
    [4, 2],
    [4, 1],
    [0, 0],
    [2, 0],
  ]);
});

it("stands when the path is one point", () => {
  const person = WayfarerSpec.parse({ path: [[3, 1]] });
  expect(personAt(person, 1, 100)).toEqual({ shape: "circle", id: "person-2", x: 3, y: 1, radius: 0.25 });
});
