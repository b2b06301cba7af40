import { mkdirSync } from "node:fs";
import { AgentError, messageOf } from "../errors.ts";

/** Makes a folder and those above it, unless they are there. Throws `config.invalid` that names it, and what it is for. */
export function makeFolder(path: string, purpose: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (thrown) {
    throw new AgentError("config.invalid", `${path}: cannot be made, though ${purpose}: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}
