import { Command } from "commander";
import { sentence, type Finding } from "#agent/doctor/finding";
import { EXIT } from "../exit.ts";

interface DoctorOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** `holdfast doctor`: what keeps this machine from being a robot's, one plain sentence each. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("check config, storage, clock, drivers, link, keys and the board; exit 1 if there is a problem")
    .option("--config <file>", "the agent's configuration (YAML)")
    .option("--json", "print one JSON object: {problems, findings: [{check, level, what, why, remedy}]}")
    .action(diagnose);
}

async function diagnose({ config, json }: DoctorOptions): Promise<void> {
  const { examine } = await import("#agent/doctor/examine");
  const findings = await examine(config);
  const problems = findings.filter(({ level }) => level === "problem").length;
  process.stdout.write(json ? `${JSON.stringify({ problems, findings })}\n` : findings.map(line).join(""));
  if (problems > 0) process.exitCode = EXIT.unmet;
}

function line(finding: Finding): string {
  return `${finding.level.padEnd(8)} ${sentence(finding)}\n`;
}
