import { timestamp } from "#lib/clock";
import { sentence, CHECKS } from "../../doctor/finding.ts";
import type { CommandContext, ConsoleCommand } from "../core/command.ts";
import { listed, ok, refused, told, word, type Reply } from "../core/reply.ts";
import { Role, type PinRole } from "../core/role.ts";
import { duration } from "../core/text.ts";

const VIEWER = { role: "viewer", needsAgent: false } as const;

export const version: ConsoleCommand = {
  ...VIEWER,
  name: "version",
  usage: "",
  summary: "which program this is",
  wordsMax: 0,
  run: (_args, { facts }) => {
    const { software, deviceId } = facts().identity;
    return ok(told({ software: word(software), device: word(deviceId) }));
  },
};

export const who: ConsoleCommand = {
  ...VIEWER,
  name: "who",
  usage: "",
  summary: "who is on the consoles of this robot",
  wordsMax: 0,
  run: (_args, { visits, facts, session }) => {
    const { nowMs, wallMs } = facts();
    const rows = visits().map(({ tty, role, sinceMs }) => ({
      tty: word(tty === session.tty ? `${tty} (you)` : tty),
      role: word(role),
      since: word(timestamp(wallMs - (nowMs - sinceMs))),
    }));
    return ok(listed(["tty", "role", "since"], rows));
  },
};

export const term: ConsoleCommand = {
  ...VIEWER,
  name: "term",
  usage: "[plain|ansi]",
  summary: "whether the prompt may be coloured",
  wordsMax: 1,
  choices: () => ["plain", "ansi"],
  run({ words: [wanted] }, { session }) {
    if (wanted !== undefined && wanted !== "plain" && wanted !== "ansi")
      return refused("usage", "term plain, or term ansi");
    if (wanted !== undefined) session.setTerm(wanted);
    return ok(told({ term: word(session.term()) }));
  },
};

export const doctor: ConsoleCommand = {
  ...VIEWER,
  name: "doctor",
  usage: "[CHECK]",
  summary: `what is wrong and what to do; checks ${CHECKS.join(", ")}`,
  wordsMax: 1,
  choices: () => CHECKS,
  async run({ words: [check] }, { host }) {
    if (check !== undefined && !(CHECKS as readonly string[]).includes(check)) {
      return refused("usage", `no check ${check}; there are ${CHECKS.join(", ")}`);
    }
    const findings = await host.diagnose(check);
    const lines = findings.map((finding) => `${finding.level.padEnd(8)} ${sentence(finding)}`);
    return ok({ lines, records: findings });
  },
};

export const login: ConsoleCommand = {
  name: "login",
  usage: "[technician|admin]",
  summary: "take a role, with its PIN",
  role: "viewer",
  needsAgent: true,
  wordsMax: 1,
  choices: () => ["technician", "admin"],
  run({ words: [wanted = "technician"] }, context) {
    if (wanted !== "technician" && wanted !== "admin") return refused("usage", "login technician, or login admin");
    return context.session.ask
      ? enter(wanted, context, context.session.ask)
      : refused("not_interactive", "a PIN can be asked for on an interactive console only");
  },
};

async function enter(
  role: PinRole,
  { gatekeeper, session, technician, actor }: CommandContext,
  ask: NonNullable<CommandContext["session"]["ask"]>,
): Promise<Reply> {
  if (!gatekeeper?.hasPin(role)) return noPin(role);
  if (gatekeeper.lockedMs() > 0) return locked(gatekeeper.lockedMs());
  const verdict = await gatekeeper.check(role, await ask("PIN: ", { isHidden: true }));
  await technician?.record({ actor, command: `login ${role}`, result: verdict === "right" ? "done" : verdict });
  switch (verdict) {
    case "right":
      session.setRole(role);
      return ok({ lines: [`you are ${role}`], records: [{ role }] });
    case "unset":
      return noPin(role);
    case "wrong":
    case "locked":
      return gatekeeper.lockedMs() > 0 ? locked(gatekeeper.lockedMs()) : refused("wrong_pin", "wrong PIN");
  }
}

function noPin(role: PinRole): Reply {
  return refused("no_pin", `no PIN is set for ${role}: set one on the robot with holdfast console --set-pin ${role}`);
}

function locked(ms: number): Reply {
  return refused("locked", `too many wrong PINs: try again in ${duration(Math.ceil(ms / 1000) * 1000)}`);
}

export const logout: ConsoleCommand = {
  ...VIEWER,
  name: "logout",
  usage: "",
  summary: "give the role back",
  wordsMax: 0,
  run(_args, { session }) {
    session.setRole(Role.enum.viewer);
    session.setTesting(false);
    return ok({ lines: ["you are viewer"], records: [{ role: "viewer" }] });
  },
};

export const exit: ConsoleCommand = {
  ...VIEWER,
  name: "exit",
  usage: "",
  summary: "leave",
  wordsMax: 0,
  run: () => ok({}, { end: true }),
};
