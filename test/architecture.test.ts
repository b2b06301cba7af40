import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

/** Who may import whom, besides itself. The order is the order of `docs/architecture.md`. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  contract: ["lib"],
  feed: ["lib", "contract"],
  "edge-planner": ["lib", "contract"],
  drivers: ["lib", "contract"],
  agent: ["lib", "contract", "feed", "edge-planner", "drivers"],
  cloud: ["lib", "contract", "feed"],
  sim: ["lib", "contract", "feed", "edge-planner", "drivers", "agent", "cloud"],
  test: ["lib", "contract", "feed", "edge-planner", "drivers", "agent", "cloud", "sim", "bin"],
  bench: ["lib", "contract", "feed", "edge-planner", "drivers", "agent", "cloud", "sim", "test", "bin"],
  bin: ["lib", "contract", "feed", "edge-planner", "drivers", "agent", "cloud", "sim"],
  deploy: ["lib"],
};

/** Folders that decide and touch nothing: no Node, no network, no database. */
const PURE = [
  /^lib\/[^/]+$/,
  /^contract\/[^/]+$/,
  /^contract\/feed\//,
  /^feed\//,
  /^edge-planner\//,
  /^agent\/core\//,
  /^cloud\/core\//,
];
/** Files that may touch ambient time, chance and environment: where programs begin, and real adapters. */
const MAY_BE_AMBIENT = [
  /main\.ts$/,
  /worker\.ts$/,
  /^lib\/node\//,
  /^bin\//,
  /^bench\//,
  /^deploy\//,
  /^test\//,
  /^cloud\/web\//,
];

const IMPORT = /(\bfrom\s+|\bimport\s*\(\s*|\bimport\s+|new URL\(\s*)"([^"]+)"/g;
const AMBIENT =
  /\b(?:Date\.now|new Date\(\)|setTimeout\(|setInterval\(|Math\.random|process\.env|performance\.now|process\.hrtime)/;
const EFFECTFUL = /^(?:node:|mqtt$|aedes|better-sqlite3|fastify|pino|serialport|roslib)/;

const files = Object.keys(MAY_IMPORT).flatMap((folder) => sources(folder));

describe("architecture", () => {
  it("finds the sources", () => {
    expect(files.length).toBeGreaterThan(20);
  });

  it("imports point one way, across folders through #folder/name, inside one through ./name.ts", () => {
    const offences = files.flatMap((file) =>
      importsOf(file).flatMap(({ specifier, isUrl }) => {
        const from = topOf(file);
        const to = targetOf(file, specifier);
        if (to === undefined || to === from) {
          const goesThroughAlias = to !== undefined && specifier.startsWith("#");
          return goesThroughAlias ? [`${file}: ${specifier} is in the same folder, use a relative path`] : [];
        }
        if (!MAY_IMPORT[from]!.includes(to)) return [`${file}: ${from}/ must not import ${to}/ (${specifier})`];
        // A worker or program is named by its file; aliases are for imports.
        return isUrl || specifier.startsWith("#") || !IS_ALIASED.has(to)
          ? []
          : [`${file}: use #${to}/… for ${specifier}`];
      }),
    );
    expect(offences).toEqual([]);
  });

  it("pure folders import nothing that touches the world", () => {
    const offences = files
      .filter((file) => PURE.some((pattern) => pattern.test(file)) && !file.endsWith(".test.ts"))
      .flatMap((file) =>
        importsOf(file).flatMap(({ specifier }) => (EFFECTFUL.test(specifier) ? [`${file}: ${specifier}`] : [])),
      );
    expect(offences).toEqual([]);
  });

  it("no import path leads from capacity to the ledger", () => {
    const reached = new Set<string>();
    const follow = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const { specifier } of importsOf(file)) if (specifier.startsWith(".")) follow(join(file, "..", specifier));
    };
    // What a stream may write is a type; only files that are run can move stock.
    for (const file of ["cloud/wes/capacity.ts", "cloud/wes/fleet-capacity.ts", "cloud/core/capacity.ts"]) follow(file);
    const moving = [...reached].filter((file) => /insert-movement/.test(readFileSync(join(root, file), "utf8")));
    expect(moving.filter((file) => file !== "cloud/io/store-ops.ts")).toEqual([]);
  });

  it("time, chance and environment are injected", () => {
    const offences = files
      .filter((file) => !MAY_BE_AMBIENT.some((pattern) => pattern.test(file)) && !file.endsWith(".test.ts"))
      .flatMap((file) =>
        readFileSync(join(root, file), "utf8")
          .split("\n")
          .flatMap((line, at) => (AMBIENT.test(withoutComment(line)) ? [`${file}:${at + 1}: ${line.trim()}`] : [])),
      );
    expect(offences).toEqual([]);
  });
});

const IS_ALIASED = new Set(["lib", "contract", "feed", "edge-planner", "drivers", "agent", "cloud", "sim"]);

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function importsOf(file: string): { specifier: string; isUrl: boolean }[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(IMPORT)].map(([, how, specifier]) => ({
    specifier: specifier!,
    isUrl: how!.startsWith("new URL"),
  }));
}

function topOf(path: string): string {
  return path.split("/")[0]!;
}

/** The folder that a specifier leads to, or undefined for packages and for paths outside of the sources. */
function targetOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith("#")) return topOf(specifier.slice(1));
  if (!specifier.startsWith(".")) return undefined;
  const top = topOf(relative(root, join(root, file, "..", specifier)));
  return Object.hasOwn(MAY_IMPORT, top) ? top : undefined;
}

function withoutComment(line: string): string {
  return line.replace(/\/\/.*$/, "").replace(/^\s*\*.*$/, "");
}
