import { Command } from "commander";
import { z } from "zod";
import { DRIVER_KINDS } from "#drivers/catalogue";
import { wholeNumber } from "./options.ts";
import type { ProbeOptions } from "./drivers-probe.ts";

/** `holdfast drivers [probe PROFILE]`: the drivers of real devices, and what the devices of a profile say now. */
export function driversCommand(): Command {
  const drivers = new Command("drivers").description("known drivers, and what a profile's devices say");
  drivers
    .command("list", { isDefault: true })
    .description("list known drivers and their options")
    .option("--json", "print the drivers with the JSON Schema of their options")
    .action(list);
  drivers
    .command("probe <profile>")
    .description("open each device of a profile, show its live values and rates, move nothing")
    .option("--seconds <number>", "how long to listen", wholeNumber(1, 3600), 5)
    .option("--json", "print one JSON object at the end")
    .action(async (profile: string, options: ProbeOptions) =>
      (await import("./drivers-probe.ts")).probe(profile, options),
    );
  return drivers;
}

interface OptionSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly unit?: string;
  readonly description?: string;
}

function list({ json }: { json?: boolean }): void {
  const kinds = DRIVER_KINDS.map(({ options, ...kind }) => ({
    ...kind,
    options: z.toJSONSchema(options, { io: "input" }),
  }));
  if (json) {
    process.stdout.write(`${JSON.stringify(kinds)}\n`);
    return;
  }
  for (const { part, name, serves, options } of kinds) {
    process.stdout.write(`${part}: ${name} (${serves})\n`);
    for (const [key, schema] of Object.entries(options.properties ?? {})) {
      if (key === "driver") continue;
      const isRequired = options.required?.includes(key) ?? false;
      process.stdout.write(`  ${key.padEnd(14)} ${optionLine(schema as OptionSchema, isRequired)}\n`);
    }
  }
}

/** What an option may be, and what it is unless given. */
function optionLine(schema: OptionSchema, isRequired: boolean): string {
  const { minimum, maximum } = schema;
  const range = minimum !== undefined && maximum !== undefined ? ` ${minimum} to ${maximum}` : "";
  const what = schema.enum ? schema.enum.join(" | ") : `${schema.type ?? "value"}${range}`;
  const unit = schema.unit === undefined ? "" : ` ${schema.unit}`;
  const usual = isRequired ? ", required" : `, ${JSON.stringify(schema.default)} unless given`;
  return `${what}${unit}${usual}${schema.description === undefined ? "" : `: ${schema.description}`}`;
}
