import { spawnSync } from "node:child_process";
import { version } from "./version.ts";

/** The commit of this checkout, or the program's version where there is none. */
export function commitName(): string {
  const { status, stdout } = spawnSync("git", ["rev-parse", "--short=12", "HEAD"], {
    cwd: import.meta.dirname,
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : version();
}
