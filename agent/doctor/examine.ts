import { createSystemClock } from "#lib/node/system-clock";
import { AgentError } from "#lib/errors";
import { createBoardProbe } from "#lib/node/board-probe";
import { loadYaml } from "#lib/node/yaml-file";
import type { Clock } from "#lib/clock";
import { AgentConfig } from "../config.ts";
import type { LiveFacts } from "../console/core/facts.ts";
import { loadProfile } from "../io/profile-file.ts";
import { builtMs, clockSource } from "./clock-source.ts";
import { examineDatabase, examineKeys } from "./files.ts";
import { fine, problem, unknown, type CheckName, type Finding } from "./finding.ts";
import { judgeClock, judgeDrivers, judgeFlash, judgeLink, judgeMemory, judgeSpace, judgeTemperature } from "./judge.ts";
import { probeLink } from "./link-probe.ts";

/** What a running agent knows better than anybody beside it. */
export interface Inside {
  readonly clock: Clock;
  readonly live: LiveFacts;
  readonly clockStepsMs: readonly number[];
}

/** Looks at everything, or at one thing. What an agent holds (its devices, its link, its database) is asked of it, `inside`. */
export async function examine(
  file: string | undefined,
  { check, inside }: { readonly check?: string | undefined; readonly inside?: Inside | undefined } = {},
): Promise<readonly Finding[]> {
  const read = readConfig(file);
  const { config } = read;
  const dataDir = config?.dataDir ?? ".";
  const board = await createBoardProbe({ dataDir }).read();
  const clock = inside?.clock ?? createSystemClock();
  const checks: Readonly<Record<CheckName, () => Promise<readonly Finding[]> | readonly Finding[]>> = {
    config: () => read.findings,
    storage: () => [judgeSpace(board, dataDir), ...(config ? [examineDatabase(config.dataDir)] : [])],
    clock: () => [
      judgeClock({
        state: clock.state(),
        wallMs: clock.wallMs(),
        builtMs: builtMs(),
        ...clockSource(),
        stepsMs: inside?.clockStepsMs ?? [],
      }),
    ],
    drivers: () => (inside ? judgeDrivers(inside.live.drivers) : config ? listDrivers(config) : []),
    link: () => (inside ? [judgeLink(inside.live.link, clock.nowMs())] : config ? probeLink(config) : []),
    keys: () => (config ? examineKeys(config, clock.wallMs()) : []),
    temperature: () => [judgeTemperature(board)],
    flash: () => [judgeFlash(board, inside?.live.flash)],
    memory: () => [judgeMemory(board)],
  };
  const wanted = Object.entries(checks).filter(([name]) => check === undefined || name === check);
  return (await Promise.all(wanted.map(async ([, run]) => run()))).flat();
}

function readConfig(file: string | undefined): { config?: AgentConfig; findings: readonly Finding[] } {
  if (file === undefined) {
    return { findings: [unknown("config", "none was given (--config): drivers, link and keys are not checked")] };
  }
  try {
    const config = loadYaml(file, AgentConfig);
    const { kind } = loadProfile(config.profile);
    return { config, findings: [fine("config", `${file} describes ${config.deviceId}, a ${kind}`)] };
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    const why = "the agent does not start with it";
    return {
      findings: thrown.message.split("\n").map((line) => problem("config", line, why, "correct that line")),
    };
  }
}

/** Devices are opened by one program at a time; `holdfast drivers probe` listens to them while no agent runs. */
function listDrivers({ profile, drivers }: AgentConfig): readonly Finding[] {
  const described = loadProfile(profile).drivers;
  if (drivers) return [fine("drivers", `a simulated world at ${drivers.socket}`)];
  if (described.kind === "simulated") {
    const why = "the agent has no devices to open";
    return [
      problem(
        "drivers",
        "the profile is of a simulated robot",
        why,
        "name its world (drivers.socket) or another profile",
      ),
    ];
  }
  return [unknown("drivers", `no agent runs; holdfast drivers probe ${profile} listens to the devices`)];
}
