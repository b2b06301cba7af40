import { Command } from "commander";
import { runCloud } from "#cloud/main";
import { version } from "../version.ts";
import { hostAndPort } from "./options.ts";

interface CloudOptions {
  readonly config?: string;
  readonly http?: string;
  readonly mqtt?: string;
  readonly broker?: string;
  readonly database?: string;
  readonly data?: string;
  readonly restored?: boolean;
}

/** `holdfast cloud`: the counterpart, until it is told to end. */
export function cloudCommand(): Command {
  return new Command("cloud")
    .description("run the cloud counterpart: broker, database and HTTP in one process")
    .option("--config <file>", "configuration (YAML); options win over it")
    .option("--http <host:port>", "where to answer HTTP (default 127.0.0.1:8080)", address)
    .option("--mqtt <host:port>", "where the embedded broker listens (default 127.0.0.1:1883)", address)
    .option("--broker <url>", "use this MQTT broker instead of the embedded one")
    .option("--database <url>", "use this PostgreSQL (postgres://…) instead of a file; several processes may name it")
    .option("--data <dir>", "folder of the database (default ./data/cloud)")
    .option(
      "--restored",
      "the database is a backup put back, or takes the place of a lost one: once, at the first start",
    )
    .action(async ({ config, http, mqtt, broker, database, data, restored = false }: CloudOptions) => {
      process.exitCode = await runCloud({
        config,
        settings: {
          ...(http === undefined ? {} : { http }),
          ...(mqtt === undefined ? {} : { mqtt }),
          ...(broker === undefined ? {} : { broker }),
          ...(database === undefined ? {} : { database }),
          ...(data === undefined ? {} : { dataDir: data }),
        },
        isRestored: restored,
        version: version(),
        say: (line) => process.stdout.write(`${line}\n`),
      });
    });
}

/** The text itself, once it has proved to be an address. */
function address(text: string): string {
  hostAndPort(text);
  return text;
}
