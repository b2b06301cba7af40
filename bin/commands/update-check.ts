import { z } from "zod";
import { AgentConfig } from "#agent/config";
import { socketPath } from "#agent/console/console";
import { readStored } from "#agent/console/stored-facts";
import { updateObstacles } from "#agent/update/obstacles";
import { messageOf } from "#lib/errors";
import { createSystemClock } from "#lib/node/system-clock";
import { loadYaml } from "#lib/node/yaml-file";
import { askAgent } from "./console-client.ts";

/** The answer of the agent that runs. */
const Verdict = z.object({ updateSafe: z.boolean(), reasons: z.array(z.string()) });
type Verdict = z.infer<typeof Verdict>;

/** Prints whether an update may start now, one sentence for each reason why not, and answers it. Rejects `config.invalid`. */
export async function checkUpdate(
  configFile: string,
  { software, isJson }: { readonly software: string; readonly isJson: boolean },
): Promise<boolean> {
  const config = loadYaml(configFile, AgentConfig);
  const verdict = (await askRunning(config)) ?? judgeStored(config, software);
  const { updateSafe, reasons } = verdict;
  const lines = updateSafe ? ["an update may start now"] : reasons.map((reason) => `no update now: ${reason}`);
  process.stdout.write(isJson ? `${JSON.stringify(verdict)}\n` : `${lines.join("\n")}\n`);
  return updateSafe;
}

/** Undefined when no agent listens. One that listens and does not answer is not asked for more. */
async function askRunning(config: AgentConfig): Promise<Verdict | undefined> {
  try {
    const answer = await askAgent(socketPath(config), "update-check --json");
    return answer && readVerdict(answer);
  } catch (thrown) {
    return { updateSafe: false, reasons: [messageOf(thrown)] };
  }
}

function readVerdict([first = "", ...rest]: readonly string[]): Verdict {
  const parsed = Verdict.safeParse(first.startsWith("{") ? JSON.parse(first) : undefined);
  if (parsed.success) return parsed.data;
  return { updateSafe: false, reasons: [`the agent does not tell: ${[first, ...rest].join(" ")}`] };
}

function judgeStored(config: AgentConfig, software: string): Verdict {
  try {
    const { facts } = readStored(config, { clock: createSystemClock(), software });
    return { updateSafe: false, reasons: [...updateObstacles(facts, "persisted")] };
  } catch (thrown) {
    return { updateSafe: false, reasons: ["the agent does not run", messageOf(thrown)] };
  }
}
