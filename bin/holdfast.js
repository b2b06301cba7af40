#!/usr/bin/env node
// Plain JavaScript that any Node can read: it must be able to say what is missing before anything else loads.
import module from "node:module";
import { homedir } from "node:os";
import { join, sep } from "node:path";

const NEEDED_MAJOR = 24;
const major = Number(process.versions.node.split(".")[0]);

if (major < NEEDED_MAJOR) {
  console.error(
    `holdfast needs Node ${NEEDED_MAJOR} or newer, and this is Node ${process.versions.node}. ` +
      "In a checkout, `npm ci` installs the right one and `npx holdfast …` or `npm run …` uses it; " +
      "elsewhere install Node 24 from your distribution or nodejs.org.",
  );
  process.exitCode = 2;
} else {
  // Stripping types takes 20 MB in each thread; what is in the cache is stripped already. Workers find it by the variable.
  process.env.NODE_COMPILE_CACHE ??= join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "holdfast");
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  if (import.meta.dirname.includes(`${sep}node_modules${sep}`)) await import("../lib/node/strip-types.js");
  const { main } = await import("./main.ts");
  // Whatever still runs after a program has ended must not keep its supervisor waiting.
  process.exit(await main(process.argv.slice(2)));
}
