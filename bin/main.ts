import { Command, CommanderError } from "commander";
import { AgentError, messageOf } from "#lib/errors";
import { version } from "./version.ts";
import { EXIT, Unmet } from "./exit.ts";

/** Each command brings the modules that it needs: an agent on a small board must not load a simulator. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  demo: async () => (await import("./commands/demo.ts")).demoCommand(),
  agent: async () => (await import("./commands/agent.ts")).agentCommand(),
  cloud: async () => (await import("./commands/cloud.ts")).cloudCommand(),
  sim: async () => (await import("./commands/sim.ts")).simCommand(),
  contract: async () => (await import("./commands/contract.ts")).contractCommand(),
  drivers: async () => (await import("./commands/drivers.ts")).driversCommand(),
  console: async () => (await import("./commands/console.ts")).consoleCommand(),
  doctor: async () => (await import("./commands/doctor.ts")).doctorCommand(),
  keys: async () => (await import("./commands/keys.ts")).keysCommand(),
};

/** Runs one command line and answers its exit code; see `exit.ts` for what the codes mean. */
export async function main(args: readonly string[]): Promise<number> {
  const program = new Command("holdfast")
    .description("Edge agent runtime for robots: contracts that hold through an outage, and the cloud that reconciles.")
    .version(version(), "-V, --version", "print the version")
    .showSuggestionAfterError(false);
  for (const command of await commandsFor(args[0])) program.addCommand(command);
  for (const command of allCommands(program)) command.exitOverride().configureOutput({ outputError: () => undefined });

  try {
    await program.parseAsync([...args], { from: "user" });
    return typeof process.exitCode === "number" ? process.exitCode : EXIT.done;
  } catch (thrown) {
    return report(thrown, program, args);
  }
}

/** The command that is meant, or all of them where none is: to list them, and to say what there is instead. */
function commandsFor(name: string | undefined): Promise<Command[]> {
  const isKnown = name !== undefined && Object.hasOwn(COMMANDS, name);
  return Promise.all((isKnown ? [name] : Object.keys(COMMANDS)).map((known) => COMMANDS[known]!()));
}

function report(thrown: unknown, program: Command, args: readonly string[]): number {
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return EXIT.done;
    if (thrown.code !== "commander.help") say(`${usageProblem(thrown, innermost(program, args))}`);
    return EXIT.usage;
  }
  if (thrown instanceof Unmet) {
    say(thrown.message);
    return EXIT.unmet;
  }
  if (thrown instanceof AgentError) {
    say(thrown.message);
    return thrown.code.startsWith("config.") || thrown.code === "store.in_use" ? EXIT.usage : EXIT.unmet;
  }
  say(`this is a bug in holdfast, please report it: ${thrown instanceof Error ? thrown.stack : messageOf(thrown)}`);
  return EXIT.bug;
}

function say(line: string): void {
  process.stderr.write(`holdfast: ${line}\n`);
}

/** One line that names what is wrong and what would be right. */
function usageProblem(error: CommanderError, command: Command): string {
  const message = error.message.replace(/^error: /, "").replaceAll("\n", " ");
  if (error.code === "commander.unknownOption") {
    return `${message}; ${pathOf(command)} knows ${[...command.options.map((option) => option.long), "--help"].join(", ")}`;
  }
  if (error.code === "commander.unknownCommand" || error.code === "commander.excessArguments") {
    const names = command.commands.map((child) => child.name());
    return names.length === 0 ? message : `${message}; ${pathOf(command)} knows ${names.join(", ")}`;
  }
  return `${message} (see ${pathOf(command)} --help)`;
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function innermost(program: Command, args: readonly string[]): Command {
  let command = program;
  for (const word of args) {
    const child = command.commands.find((candidate) => candidate.name() === word);
    if (!child) break;
    command = child;
  }
  return command;
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}
