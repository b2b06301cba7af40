import { config, pin, reboot } from "../commands/admin.ts";
import { constraints, contract, stage } from "../commands/contract.ts";
import { events, log } from "../commands/events.ts";
import { map } from "../commands/map.ts";
import { abort, hold, resume } from "../commands/orders.ts";
import { battery, buffer, drivers, link, pose, safety, time } from "../commands/robot.ts";
import { doctor, exit, login, logout, term, version, who } from "../commands/session.ts";
import { status } from "../commands/status.ts";
import { updateCheck } from "../commands/update.ts";
import { diag, driver, test, testmode } from "../commands/upkeep.ts";
import type { ConsoleCommand } from "./command.ts";
import { ok, refused, type Refusal } from "./reply.ts";
import { Role } from "./role.ts";

const help: ConsoleCommand = {
  name: "help",
  usage: "[COMMAND]",
  summary: "this list, or all about a command",
  role: "viewer",
  needsAgent: false,
  wordsMax: 1,
  choices: () => COMMANDS.map(({ name }) => name),
  run({ words: [name] }) {
    if (name === undefined) return ok({ lines: helpLines(), records: COMMANDS.map(helpRecord) });
    const found = findCommand(name);
    if ("kind" in found) return found;
    return ok({ lines: [usageOf(found), found.summary, `role ${found.role}`], records: [helpRecord(found)] });
  },
};

/** Every command, in the order of `help`. */
export const COMMANDS: readonly ConsoleCommand[] = [
  status,
  stage,
  contract,
  pose,
  map,
  drivers,
  battery,
  link,
  buffer,
  events,
  log,
  constraints,
  safety,
  doctor,
  time,
  version,
  updateCheck,
  help,
  term,
  who,
  login,
  logout,
  exit,
  hold,
  resume,
  abort,
  driver,
  diag,
  testmode,
  test,
  reboot,
  config,
  pin,
];

/** The command that a word means: its name, or the beginning of one name only; whatever the case. */
export function findCommand(word: string): ConsoleCommand | Refusal {
  const wanted = word.toLowerCase();
  const exact = COMMANDS.find(({ name }) => name === wanted);
  if (exact) return exact;
  const meant = COMMANDS.filter(({ name }) => name.startsWith(wanted));
  if (meant.length === 1) return meant[0]!;
  if (meant.length === 0) return refused("unknown", `no command ${word}; help lists them`);
  return refused("ambiguous", `${word} may be ${meant.map(({ name }) => name).join(", ")}`);
}

/** The name and what follows it. */
export function usageOf({ name, usage }: ConsoleCommand): string {
  return `${name} ${usage} [--json]`.replace(/ {2,}/, " ");
}

function helpLines(): string[] {
  return Role.options.flatMap((role) => [
    `${role}:`,
    ...COMMANDS.filter((command) => command.role === role).map(
      (command) => `  ${`${command.name} ${command.usage}`.padEnd(32)} ${command.summary}`,
    ),
  ]);
}

function helpRecord({ name, usage, summary, role }: ConsoleCommand): Readonly<Record<string, string>> {
  return { name, usage, summary, role };
}
