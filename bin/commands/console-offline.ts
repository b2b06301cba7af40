import { createInterface } from "node:readline/promises";
import type { AgentConfig } from "#agent/config";
import { pinPath } from "#agent/console/console";
import { ConsoleSession } from "#agent/console/console-session";
import { createHost } from "#agent/console/doors/host";
import type { Line } from "#agent/console/doors/door";
import { openPinKeeper } from "#agent/console/doors/pin-keeper";
import { serveVisit } from "#agent/console/doors/visit-loop";
import { rendered, renderedReply } from "#agent/console/core/reply";
import { createLogTail } from "#agent/console/log-tail";
import { readStored } from "#agent/console/stored-facts";
import { AgentError } from "#lib/errors";
import { silentLog } from "#lib/log";
import { makeFolder } from "#lib/node/folder";
import { createSystemClock } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";
import { EXIT } from "../exit.ts";
import { version } from "../version.ts";
import type { ConsoleOptions } from "./console-client.ts";

/** The console of an agent that does not run: what its journal says, and the doctor. */
export async function openDeadConsole(
  { exec, tty, config: configFile }: ConsoleOptions & { tty: string },
  config: AgentConfig | undefined,
  socket: string,
): Promise<void> {
  if (!config) {
    const advice = "start the agent, name its socket (--socket), or --config to read its journal";
    throw new AgentError("transport.unreachable", `no agent listens at ${socket}: ${advice}`);
  }
  const clock = createSystemClock();
  const stored = readStored(config, { clock, software: `holdfast ${version()}` });
  const facts = (): typeof stored.facts => ({ ...stored.facts, nowMs: clock.nowMs(), wallMs: clock.wallMs() });
  const recent = (count: number) =>
    Promise.resolve(stored.events.slice(stored.events.length - Math.min(count, stored.events.length)));
  const parts = {
    clock,
    rng: createRng("dead"),
    facts,
    recent,
    host: createHost({ configFile, clock, facts, recent, log: createLogTail(), clockStepsMs: [] }),
    schedule: { plan: () => undefined, cancel: () => false },
    visits: () => [],
  };
  const greeting = [`the agent of ${config.deviceId} does not run; this is what its journal says (${stored.source})`];
  if (exec !== undefined) return execute(exec, parts, greeting);
  await serveVisit(terminalLine(tty), { parts, clock, greeting, atIdle: "close", visits: new Set() });
  process.stdin.pause();
}

async function execute(
  command: string,
  parts: ConstructorParameters<typeof ConsoleSession>[0],
  greeting: readonly string[],
): Promise<void> {
  const print = (lines: readonly string[]): void =>
    void process.stdout.write(lines.map((line) => `${line}\n`).join(""));
  using session = new ConsoleSession(parts, {
    tty: "script",
    role: "viewer",
    say: (told) => print(rendered(told, false)),
  });
  process.stderr.write(`${greeting.join("\n")}\n`);
  const answer = await session.execute(command);
  if (!answer) return;
  const { reply, isJson } = answer;
  if (reply.kind === "ok") return print(isJson ? rendered(reply, true) : renderedReply(reply, false));
  process.stderr.write(`${renderedReply(reply, false).join("\n")}\n`);
  process.exitCode = EXIT.unmet;
}

/** The terminal that this program was started on. */
function terminalLine(tty: string): Line {
  const { stdin, stdout } = process;
  const isInteractive = stdin.isTTY && stdout.isTTY;
  const endings = new Set<() => void>();
  const end = (): void => {
    if (isInteractive) stdin.setRawMode(false);
    for (const ending of endings) ending();
    endings.clear();
  };
  if (isInteractive) stdin.setRawMode(true);
  stdin.on("end", end);
  return {
    tty,
    role: "viewer",
    isInteractive,
    write: (text) => void stdout.write(isInteractive ? text : text.replaceAll("\r\n", "\n")),
    send: (bytes) => void stdout.write(bytes),
    onBytes: (listener) => void stdin.on("data", listener),
    onEnd: (listener) => void endings.add(listener),
    close: end,
  };
}

/** Reads a PIN from standard input and keeps its hash; for the first PIN of a robot, by whoever may write its data. */
export async function setPin(role: "technician" | "admin", config: AgentConfig | undefined): Promise<void> {
  if (!config) throw new AgentError("config.invalid", "--set-pin takes --config, which says where PINs are kept");
  makeFolder(config.dataDir, "PINs are kept there");
  const keeper = openPinKeeper({ path: pinPath(config), clock: createSystemClock(), log: silentLog });
  const input = createInterface({ input: process.stdin });
  process.stderr.write(`new PIN of ${role}: `);
  const { value: pin = "" } = await input[Symbol.asyncIterator]().next();
  input.close();
  const why = await keeper.setPin(role, String(pin).trim());
  if (why !== undefined) throw new AgentError("config.invalid", why);
  process.stdout.write(
    `the PIN of ${role} is set in ${pinPath(config)}; a running agent knows it from its next start on\n`,
  );
}
