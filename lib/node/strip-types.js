// Node strips types everywhere but below node_modules, where an installed package lives: this preload does it there. It is
// plain JavaScript because it must run before anything can be stripped, and a preload because threads don't inherit hooks.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import module from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = new URL("../../", import.meta.url).href;
const { NODE_COMPILE_CACHE, XDG_CACHE_HOME = join(homedir(), ".cache") } = process.env;
const CACHE = join(NODE_COMPILE_CACHE ?? join(XDG_CACHE_HOME, "holdfast"), "stripped");

module.registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith(PACKAGE) || !url.endsWith(".ts") || url.startsWith("node_modules/", PACKAGE.length)) {
      return nextLoad(url, context);
    }
    return { format: "module", shortCircuit: true, source: stripped(readFileSync(fileURLToPath(url), "utf8")) };
  },
});

/** What was stripped once is read from the cache: the stripper takes 20 MB in each thread, and a third of a second. */
function stripped(source) {
  const path = join(CACHE, `${createHash("sha1").update(process.version).update(source).digest("hex")}.js`);
  try {
    return readFileSync(path, "utf8");
  } catch {
    const text = strip(source);
    keep(path, text);
    return text;
  }
}

/** Types become blanks, so lines and columns in stack traces stay true. */
function strip(source) {
  const emitWarning = process.emitWarning.bind(process);
  // It warns once that it is young; the same stripper runs outside of node_modules without a word.
  process.emitWarning = () => undefined;
  try {
    return module.stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}

function keep(path, text) {
  try {
    mkdirSync(CACHE, { recursive: true });
    // Several threads and processes start at once: nobody may read half a file.
    const own = `${path}.${process.pid}.${process.hrtime.bigint()}`;
    writeFileSync(own, text);
    renameSync(own, path);
  } catch {
    // A cache that can't be written (read-only root, full disk) costs time at the next start, nothing else.
  }
}
