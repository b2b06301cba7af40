import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { packFolder, sha256OfFile } from "./archive.ts";
import { run } from "./command.ts";
import { buildDeb } from "./deb.ts";
import { buildTree } from "./tree.ts";

/**
 * `npm run package:arm64`: makes what ships to boards with 64-bit ARM, in `dist/arm64` or `--out FOLDER`: the tree, the same as
 * `.tar.gz`, and a Debian package; `--only-tree` stops after the first. Files get the time `SOURCE_DATE_EPOCH` (s since 1970), by
 * default that of the last commit, and the same sources make the same bytes.
 */
const { values } = parseArgs({
  options: { out: { type: "string", default: "dist/arm64" }, "only-tree": { type: "boolean", default: false } },
});
const root = resolve(import.meta.dirname, "../..");
const out = resolve(values.out);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
const epochSeconds = Number(
  process.env["SOURCE_DATE_EPOCH"] ?? run("git", ["log", "-1", "--format=%ct"], { cwd: root }),
);

mkdirSync(out, { recursive: true });
const tree = join(out, "holdfast");
buildTree({ root, into: tree, epochSeconds });
process.stdout.write(`${tree}\n`);
if (!values["only-tree"]) {
  const archive = `holdfast-${version}-linux-arm64.tar.gz`;
  const deb = `holdfast_${version}_arm64.deb`;
  packFolder({ folder: tree, file: join(out, archive), epochSeconds });
  buildDeb({ root, tree, version, file: join(out, deb), epochSeconds });
  const sums = [archive, deb].map((name) => `${sha256OfFile(join(out, name))}  ${name}\n`).join("");
  writeFileSync(join(out, "SHA256SUMS"), sums);
  process.stdout.write(sums);
}
