import { parseArgs } from "node:util";
import type { Arguments, CommandContext, ConsoleCommand } from "./command.ts";
import { findCommand, usageOf } from "./catalogue.ts";
import { refused, type Refusal } from "./reply.ts";

/** Longer than any command; what is longer is no command. */
export const LINE_CHARS_MAX = 1000;

/** A command line that was understood. */
export interface Parsed {
  readonly command: ConsoleCommand;
  readonly args: Arguments;
  readonly isJson: boolean;
}

/** Reads a line; undefined when it is empty. Words may be quoted. */
export function parseLine(line: string, context: CommandContext): Parsed | Refusal | undefined {
  if (line.length > LINE_CHARS_MAX) return refused("too_long", `a line has at most ${LINE_CHARS_MAX} characters`);
  const [name, ...rest] = wordsOf(line);
  if (name === undefined) return undefined;
  const command = findCommand(name);
  if ("kind" in command) return command;
  const isJson = rest.includes("--json");
  const args = argumentsOf(
    command,
    rest.filter((word) => word !== "--json"),
  );
  if ("kind" in args) return args;
  const [first, ...others] = args.words;
  const words = first === undefined ? [] : [chosen(first, command, context), ...others];
  if (words.length > command.wordsMax) return refused("usage", usageOf(command));
  return { command, args: { ...args, words }, isJson };
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}

/** A command without options takes every word as it is, so that reasons may begin with a dash. */
function argumentsOf(command: ConsoleCommand, words: readonly string[]): Arguments | Refusal {
  if (!command.options) return { words, options: {} };
  try {
    const { positionals, values } = parseArgs({ args: [...words], options: command.options, allowPositionals: true });
    return { words: positionals, options: values as Arguments["options"] };
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? "";
    if (!code.startsWith("ERR_PARSE_ARGS")) throw thrown;
    return refused("usage", usageOf(command));
  }
}

/** A choice may be shortened as commands may. */
function chosen(word: string, { choices }: ConsoleCommand, context: CommandContext): string {
  const wanted = word.toLowerCase();
  const all = choices?.(context) ?? [];
  if (all.includes(wanted)) return wanted;
  const meant = all.filter((choice) => choice.startsWith(wanted));
  return meant.length === 1 ? meant[0]! : word;
}
