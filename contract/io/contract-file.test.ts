import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readContractFile } from "./contract-file.ts";

const SHIPPED = join(import.meta.dirname, "../../config/contracts/pick-4521.yaml");

describe("readContractFile", () => {
  it("puts the image of the map that a contract names in the place of the name", () => {
    expect(readContractFile(SHIPPED)).toMatchObject({
      name: "pick-4521",
      spatial: { occupancy: { resolution: 0.03, png: expect.stringMatching(/^iVBORw0KGgo/) as string } },
    });
  });

  it("reads JSON as well", () => {
    expect(readContractFile(file("contract.json", '{"name": "one", "spatial": {"zones": []}}'))).toEqual({
      name: "one",
      spatial: { zones: [] },
    });
  });

  it("names file and line of what is no YAML, and a file that is not there", () => {
    expect(() => readContractFile(file("broken.yaml", "name: one\nstages: [\n"))).toThrow(/broken\.yaml:[23]: /);
    expect(() => readContractFile("/no/such/contract.yaml")).toThrow(/^\/no\/such\/contract\.yaml: cannot be read/);
  });
});

function file(name: string, text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "contract-")), name);
  writeFileSync(path, text);
  return path;
}
