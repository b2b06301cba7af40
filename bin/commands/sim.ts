import { Command } from "commander";
import { runScenarios } from "../sim/run-command.ts";
import { exploreCommand } from "./explore.ts";
import { assignment, seedRange, wholeNumber } from "./options.ts";

/** `holdfast sim`: agents, cloud, network and world in virtual time. */
export function simCommand(): Command {
  const sim = new Command("sim").description("simulate agents, cloud, network and world in virtual time");
  sim
    .command("run <path>")
    .description("run a scenario file, or every scenario of a folder; exit 0 = all expectations hold")
    .option("--seed <n>", "seed of everything random", wholeNumber(0, 2 ** 31 - 1), 1)
    .option("--seeds <a..b>", "every seed of a range instead", seedRange)
    .option(
      "--only <name=value>",
      "only variants of the matrix with this value (may be repeated)",
      assignment,
      new Map(),
    )
    .option("--jobs <n>", "processes at a time (default: one a core)", wholeNumber(1, 256))
    .option("--json", "print one JSON object")
    .option("--junit <file>", "write JUnit XML for CI")
    .option("--report <dir>", "write report.html, .svg and .png of each run into this folder")
    .option("--realtime", "no faster than the clock on the wall, told line by line")
    .action(runScenarios);
  sim.addCommand(exploreCommand());
  return sim;
}
