import { Command } from "commander";
import { runAgent } from "#agent/main";
import { version } from "../version.ts";

/** `holdfast agent`: the agent of one device, until it is told to end. */
export function agentCommand(): Command {
  return new Command("agent")
    .description("run the agent of one device")
    .requiredOption("--config <file>", "the agent's configuration (YAML)")
    .action(async ({ config }: { config: string }) => {
      process.exitCode = await runAgent({
        config,
        software: `holdfast ${version()}`,
        say: (line) => process.stdout.write(`${line}\n`),
      });
    });
}
