import { WorldSpec } from "./world-spec.ts";

/** A small world in which a robot `bench` can be tried: free floor, a rack and a conveyor within reach. */
export function benchSpec(front: "code" | "nothing" = "code"): WorldSpec {
  return WorldSpec.parse({
    map: { empty: [-5, -5, 10, 5] },
    obstacles: [{ circle: [-2, 1, 0.3] }],
    sites:
      front === "nothing"
        ? []
        : [
            { id: "shelf", kind: "rack", pose: [0.9, 0.1, Math.PI], stock: { "SKU-1": 3 }, code: "ABC-1" },
            { id: "belt", kind: "conveyor", pose: [0.9, -0.3, Math.PI], code: "ABC-2" },
          ],
    robots: [{ id: "bench", pose: [0, 0, 0], load: {}, scanner: {} }],
  });
}
