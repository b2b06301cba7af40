import { Command } from "commander";
import { EXIT } from "../exit.ts";
import { version } from "../version.ts";

interface AgentOptions {
  readonly config: string;
  readonly checkUpdateSafe?: boolean;
  readonly json?: boolean;
}

/** `holdfast agent`: the agent of one device, until it is told to end; or whether its software may be changed now. */
export function agentCommand(): Command {
  return new Command("agent")
    .description("run the agent of one device")
    .requiredOption("--config <file>", "the agent's configuration (YAML)")
    .option("--check-update-safe", "start nothing: ask the agent that runs whether an update may start now (exit 0)")
    .option("--json", "with --check-update-safe: print one JSON object: {updateSafe, reasons}")
    .action(async ({ config, checkUpdateSafe, json }: AgentOptions) => {
      const software = `holdfast ${version()}`;
      if (checkUpdateSafe) {
        const { checkUpdate } = await import("./update-check.ts");
        if (!(await checkUpdate(config, { software, isJson: json === true }))) process.exitCode = EXIT.unmet;
        return;
      }
      const { runAgent } = await import("#agent/main");
      process.exitCode = await runAgent({
        config,
        software,
        say: (line) => process.stdout.write(`${line}\n`),
      });
    });
}
