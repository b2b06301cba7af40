import { expect, it } from "vitest";
import { z } from "zod";
import { problemsOf } from "./yaml-problems.ts";

const Shape = z.union([z.strictObject({ circle: z.tuple([z.number()]) }), z.strictObject({ polygon: z.string() })]);
const Fault = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("kill"), device: z.string() }),
  z.strictObject({ do: z.literal("step"), by: z.number() }),
]);
const Schema = z.strictObject({
  shapes: z.array(Shape).optional(),
  faults: z.array(Fault).optional(),
  map: z.union([z.string(), z.strictObject({ empty: z.number() })]).optional(),
  kind: z.enum(["rack", "conveyor"]).optional(),
  pose: z.tuple([z.number(), z.number(), z.number()]).optional(),
  by: z.record(z.string(), z.strictObject({ share: z.number() })).optional(),
});

it.each([
  [{ shaps: [] }, "shaps is not known here; did you mean shapes?"],
  [{ shapes: [{ cirle: [1] }] }, "shapes.0.cirle is not known here; did you mean circle?"],
  [{ shapes: [{ square: 1 }] }, "shapes.0.square is not known here; there is circle, polygon"],
  [{ shapes: [{ circle: ["x"] }] }, 'shapes.0.circle.0 is "x": expected number'],
  [{ faults: [{ do: "kil", device: "a" }] }, 'faults.0.do is "kil": did you mean kill?'],
  [{ faults: [{ do: "step" }] }, "faults.0.by is missing: expected number"],
  [{ faults: [{ do: "step", by: 1, device: "a" }] }, "faults.0.device is not known here; there is do, by"],
  [{ map: { emty: 1 } }, "map.emty is not known here; did you mean empty?"],
  [{ map: 7 }, "map is 7: expected string, or expected object"],
  [{ pose: [1, 2] }, "pose is [1,2]: expected array to have >=3 items"],
  [{ kind: "lift" }, 'kind is "lift": expected one of rack, conveyor'],
  [{ kind: "conveyer" }, 'kind is "conveyer": did you mean conveyor?'],
  [{ by: { a: { shares: 1, share: 1 } } }, "by.a.shares is not known here; did you mean share?"],
])("%j: %s", (value, sentence) => {
  const parsed = Schema.safeParse(value);
  const problems = parsed.error ? problemsOf(parsed.error, Schema, value) : [];
  expect(problems.map(({ path, text }) => `${path.join(".")} ${text}`)).toContain(sentence);
});
