import { sep } from "node:path";

/**
 * Options that Node needs to run our files in another thread (besides `process.execArgv`) or process: none in a checkout; in
 * an installed package the preload that strips types, because Node itself does not below `node_modules`.
 */
export function typescriptFlags(): string[] {
  const isInstalled = import.meta.dirname.includes(`${sep}node_modules${sep}`);
  return isInstalled ? ["--import", new URL("strip-types.js", import.meta.url).href] : [];
}
