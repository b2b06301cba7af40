import { spawnSync } from "node:child_process";
import { AgentError } from "#lib/errors";

const OUTPUT_BYTES_MAX = 64e6;

/** Runs a program to its end and answers what it printed. Throws `config.invalid` when it is missing or fails. */
export function run(program: string, args: readonly string[], options: { readonly cwd?: string } = {}): string {
  const ended = spawnSync(program, args, { ...options, encoding: "utf8", maxBuffer: OUTPUT_BYTES_MAX });
  if (ended.error) {
    throw new AgentError("config.invalid", `${program} can't be run: ${ended.error.message}; install it`, {
      cause: ended.error,
    });
  }
  if (ended.status !== 0) {
    throw new AgentError("config.invalid", `${program} ${args.join(" ")} ended with ${ended.status}: ${ended.stderr}`);
  }
  return ended.stdout;
}
