import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** The program that users start. */
export const PROGRAM = fileURLToPath(new URL("../../bin/holdfast.js", import.meta.url));

/** What a command left behind. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Working directory. */
  readonly cwd?: string;
  /** Options of Node itself, before the program. */
  readonly nodeOptions?: readonly string[];
}

const WITHIN_MS = 60_000;

/** Runs `holdfast` with these arguments to its end. A command that hangs is killed after a minute: `code` is then null. */
export async function holdfast(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const child = spawn(process.execPath, [...(options.nodeOptions ?? []), PROGRAM, ...args], {
    cwd: options.cwd,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: WITHIN_MS,
    killSignal: "SIGKILL",
  });
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, stdout, stderr };
}
