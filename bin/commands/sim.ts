import { Command } from "commander";
import { runScenarios } from "../sim/run-command.ts";
import { serveHardware } from "../sim/serve-command.ts";
import { exploreCommand } from "./explore.ts";
import { assignment, seedRange, share, wholeNumber } from "./options.ts";

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
  sim
    .command("serve [scenario]")
    .description("emulate the hardware of a scenario's robots in real time, for agents with real drivers")
    .option("--seed <n>", "seed of everything random", wholeNumber(0, 2 ** 31 - 1), 1)
    .option("--ports <dir>", "folder for serial ports and profiles (default: a new one, which goes with the command)")
    .option("--world <address>", "host:port or unix socket of the world itself", "127.0.0.1:0")
    .option("--noise <share>", "share of the bytes of serial lines that are damaged", share, 0)
    .option("--json", "print one JSON object that tells what is where")
    .action(serveHardware);
  sim.addCommand(exploreCommand());
  return sim;
}
