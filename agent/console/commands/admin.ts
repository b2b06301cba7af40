import type { CommandContext, ConsoleCommand } from "../core/command.ts";
import { confirmed } from "../core/confirmation.ts";
import { ok, refused, said, type Reply } from "../core/reply.ts";

const ADMIN = { role: "admin", needsAgent: true, actions: "all" } as const;
const DELAY_SECONDS_MAX = 86_400;

export const reboot: ConsoleCommand = {
  ...ADMIN,
  actions: "order",
  name: "reboot",
  usage: "[in SECONDS|cancel]",
  summary: "restart the machine, now or later",
  wordsMax: 2,
  choices: () => ["in", "cancel"],
  async run({ words: [what, text] }, context) {
    const { schedule } = context;
    if (what === "cancel") {
      if (!schedule.cancel()) return refused("nothing", "no reboot is planned");
      await journaled(context, "reboot cancel", "done");
      return said("the reboot is called off");
    }
    const seconds = what === undefined ? 0 : Number(text);
    if ((what !== undefined && what !== "in") || !(seconds >= 0 && seconds <= DELAY_SECONDS_MAX)) {
      return refused("usage", `reboot, reboot in 1 to ${DELAY_SECONDS_MAX}, or reboot cancel`);
    }
    const moving = context.facts().live!.report?.drive.state === "driving" ? "; the robot drives" : "";
    const unconfirmed = await confirmed(context, `the machine restarts${moving}`);
    if (unconfirmed) return unconfirmed;
    if (seconds === 0) return rebootNow(context);
    await journaled(context, `reboot in ${seconds}`, "planned");
    schedule.plan(seconds, context.actor);
    return said(`the machine restarts in ${seconds} s; reboot cancel calls it off`, { seconds });
  },
};

/** The machine may go down before anything could be written after the order. */
async function rebootNow(context: CommandContext): Promise<Reply> {
  await journaled(context, "reboot", "ordered");
  const why = await context.host.reboot();
  if (why === undefined) return said("the machine restarts");
  await journaled(context, "reboot", "failed");
  return refused("failed", why);
}

async function journaled({ technician, actor }: CommandContext, command: string, result: string): Promise<void> {
  await technician?.record({ actor, command, result });
}

export const config: ConsoleCommand = {
  ...ADMIN,
  name: "config",
  usage: "show|set PATH VALUE",
  summary: "the configuration without secrets; a change holds from the next start on",
  wordsMax: 3,
  actions: { set: "admin" },
  choices: () => ["show", "set"],
  run({ words: [what, path, value] }, { host }) {
    if (what === "show") return ok({ lines: host.configLines(), records: [{ config: host.configLines().join("\n") }] });
    if (what !== "set" || path === undefined || value === undefined) {
      return refused("usage", "config show, or config set PATH VALUE such as config set link.keepAliveSeconds 30");
    }
    const why = host.setConfig(path, value);
    return why === undefined
      ? said(`${path} is ${value} from the next start on`, { path, value })
      : refused("invalid", why);
  },
};

export const pin: ConsoleCommand = {
  ...ADMIN,
  name: "pin",
  usage: "set technician|admin",
  summary: "change a PIN",
  wordsMax: 2,
  choices: () => ["set"],
  async run({ words: [what, role] }, { session, gatekeeper }) {
    if (what !== "set" || (role !== "technician" && role !== "admin")) {
      return refused("usage", "pin set technician, or pin set admin");
    }
    if (!session.ask || !gatekeeper) return refused("not_interactive", "a PIN is asked for on an interactive console");
    const first = await session.ask("new PIN: ", { isHidden: true });
    if ((await session.ask("again: ", { isHidden: true })) !== first) return refused("invalid", "the two differ");
    const why = await gatekeeper.setPin(role, first);
    return why === undefined ? said(`the PIN of ${role} is set`) : refused("invalid", why);
  },
};
