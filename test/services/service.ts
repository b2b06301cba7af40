import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { assert } from "#lib/errors";

/** A program of the system that tests need but the project does not bring along. */
export interface Service {
  readonly program: string;
  /** What a person types to get it. */
  readonly install: string;
  /** Folders to look in besides those of `PATH`. */
  readonly folders?: readonly string[];
}

/**
 * The path of the service's program. Where it is missing: undefined and one sentence for the person who runs the tests
 * (who then skips them by `describe.skipIf`), or a failure when `HOLDFAST_REQUIRE_SERVICES` is 1.
 */
export function findService({ program, install, folders = [] }: Service): string | undefined {
  const searched = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", ...folders];
  const found = searched.map((folder) => join(folder, program)).find(isExecutable);
  if (found !== undefined) return found;
  const sentence = `${program} is not installed; to run these tests: ${install}`;
  assert(process.env["HOLDFAST_REQUIRE_SERVICES"] !== "1", sentence);
  process.stderr.write(`skipped: ${sentence}\n`);
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
