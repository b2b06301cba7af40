import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scenario } from "holdfast/vitest";

/** The goal lies in the wall of the map. */
const INTO_THE_WALL = `name: into-the-wall
map: ${join(import.meta.dirname, "../../docs/examples/maps/workshop.yaml")}
robots:
  - { id: amr-1, profile: amr-sim, pose: [2, 2, 0], navigate: { to: [0.05, 2, 0] } }
until: 20s
`;

test("a result tells which contracts no device took, and why", async () => {
  const folder = mkdtempSync(join(tmpdir(), "refusal-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "wall.yaml");
  writeFileSync(file, INTO_THE_WALL);
  const { cloud } = await scenario(file).run();
  const reason = expect.stringMatching(/amr-1 refused the contract: infeasible; .*goal/) as string;
  expect(cloud.refusals).toEqual([{ contract: "drive-amr-1", reason }]);
});
