import { Command, InvalidArgumentError } from "commander";
import type { ConsoleOptions } from "./console-client.ts";

/** `holdfast console`: the technician's console of the agent on this machine; also a login shell (`-c` is how those are given a command). */
export function consoleCommand(): Command {
  return new Command("console")
    .description("the technician's console of the agent on this machine")
    .option("--socket <path>", "where the agent listens; else as --config says, or what is found")
    .option("--config <file>", "the agent's configuration (YAML): for its socket, and its journal when it is dead")
    .option("-c, --exec <command>", "carry out one command and end: exit 0 after OK, 1 after ERR")
    .option("--set-pin <role>", "set a PIN, read from standard input: technician or admin", pinRole)
    .action(async (options: ConsoleOptions) => (await import("./console-client.ts")).openConsole(options));
}

function pinRole(text: string): "technician" | "admin" {
  if (text !== "technician" && text !== "admin") throw new InvalidArgumentError("expected technician or admin");
  return text;
}
