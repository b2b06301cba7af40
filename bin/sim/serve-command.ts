import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { AgentError } from "#lib/errors";
import { listenForEnd } from "#lib/node/program-end";
import { createPinoLog } from "#lib/node/pino-log";
import { createSystemClock } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";
import type { ServedDevice } from "#sim/hardware/serve-robot";
import { serveScenario, type ServedWorld } from "#sim/hardware/serve";
import { loadScenario } from "#sim/scenario-file";

export interface ServeCommandOptions {
  readonly seed: number;
  readonly ports?: string;
  readonly world: string;
  readonly noise: number;
  readonly json?: boolean;
}

const SHIPPED = fileURLToPath(new URL("../../config/scenarios/warehouse-serial.yaml", import.meta.url));

/** Serves the world of a scenario and its robots' hardware until it is told to end, obeying lines of standard input. */
export async function serveHardware(scenario: string | undefined, options: ServeCommandOptions): Promise<void> {
  const clock = createSystemClock();
  const loaded = loadScenario(scenario ?? SHIPPED);
  const end = listenForEnd(createPinoLog(clock, { level: "fatal" }));
  await using stack = new AsyncDisposableStack();
  const folder = options.ports ?? mkdtempSync(join(tmpdir(), "holdfast-hardware-"));
  if (options.ports === undefined) stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const served = stack.use(
    await serveScenario(loaded, {
      clock,
      rng: createRng(options.seed),
      address: options.world,
      folder,
      bridges: "as-named",
    }),
  );
  if (served.devices.length === 0) {
    const robots = [...loaded.profiles.keys()].join(", ");
    throw new AgentError("config.invalid", `no hardware to serve: the profiles of ${robots} name no devices`);
  }
  for (const { port } of served.devices) port.disturb(options.noise);
  print(options.json ? JSON.stringify(summaryOf(served)) : described(served));
  const lines = createInterface({ input: process.stdin });
  stack.defer(() => lines.close());
  lines.on("line", (line) => void obey(served, line).then(print, end.fail));
  const code = await end.promise;
  if (code !== 0) process.exitCode = code;
}

/** Obeys `unplug ROBOT PART`, `plug ROBOT PART` or `noise ROBOT PART SHARE`; answers with what to print. */
async function obey({ devices }: ServedWorld, line: string): Promise<string> {
  const [verb, robotId, part, share] = line.trim().split(/\s+/);
  const device = devices.find((each) => each.robotId === robotId && each.part === part);
  if (!device) return `there is no ${robotId ?? "robot"} ${part ?? ""}; ${USAGE}`;
  const noise = Number(share);
  if (verb === "unplug") await device.port.unplug();
  else if (verb === "plug") await device.port.plug();
  else if (verb === "noise" && noise >= 0 && noise <= 1) device.port.disturb(noise);
  else return USAGE;
  return `${line.trim()}: done`;
}

const USAGE = "expected: unplug ROBOT PART, plug ROBOT PART, or noise ROBOT PART SHARE";

/** What `--json` prints: where the world and each device are, and the profiles that find them there. */
function summaryOf({ address, devices, profiles }: ServedWorld): object {
  return {
    world: address,
    profiles: Object.fromEntries(profiles),
    devices: devices.map(({ robotId, part, driver, port, baudRate }) => ({
      robot: robotId,
      part,
      driver,
      address: port.address,
      ...(baudRate === undefined ? {} : { baudRate }),
    })),
  };
}

function described({ address, devices, profiles }: ServedWorld): string {
  return [
    ...devices.map(lineOf),
    ...[...profiles].map(([robotId, file]) => `${robotId}: an agent with \`profile: ${file}\` drives it`),
    `the world itself answers at ${address}`,
    `Ctrl-C ends it; ${USAGE}`,
  ].join("\n");
}

function lineOf({ robotId, part, driver, port, baudRate }: ServedDevice): string {
  const rate = baudRate === undefined ? "" : ` at ${baudRate} Bd`;
  return `${robotId} ${part.padEnd(9)} ${driver.padEnd(15)} ${port.address}${rate}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
