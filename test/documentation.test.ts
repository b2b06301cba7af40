import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AgentConfig } from "#agent/config";
import { DeviceProfile } from "#agent/profile";
import { CloudConfig } from "#cloud/config";
import { parseYaml, yamlDocument } from "#lib/node/yaml-file";
import { agentCommand } from "../bin/commands/agent.ts";
import { cloudCommand } from "../bin/commands/cloud.ts";
import { consoleCommand } from "../bin/commands/console.ts";
import { contractCommand } from "../bin/commands/contract.ts";
import { demoCommand } from "../bin/commands/demo.ts";
import { doctorCommand } from "../bin/commands/doctor.ts";
import { driversCommand } from "../bin/commands/drivers.ts";
import { keysCommand } from "../bin/commands/keys.ts";
import { simCommand } from "../bin/commands/sim.ts";

const root = join(import.meta.dirname, "..");
const pages = ["README.md", "CONTRIBUTING.md", ...globSync("docs/**/*.md", { cwd: root })];
const commands = [
  demoCommand,
  agentCommand,
  cloudCommand,
  simCommand,
  contractCommand,
  driversCommand,
  consoleCommand,
  doctorCommand,
  keysCommand,
].map((make) => make());

describe("the documentation", () => {
  it.each(pages)("%s links to what is there", (page) => {
    const links = [...read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!);
    const local = links.filter((link) => !/^https?:/.test(link));
    expect(local.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  });

  it("shows only commands, options and arguments that there are", () => {
    const lines = pages.flatMap(commandLines);
    expect(lines.length).toBeGreaterThan(5);
    expect(
      lines.flatMap(({ page, line }) => problemsOf(line).map((problem) => `${page}: ${line}: ${problem}`)),
    ).toEqual([]);
  });

  it("shows only npm scripts that there are", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/npm run (?:-s )?([a-z0-9:]+)/g)].map((match) => match[1]!),
    );
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it("lists every command and no option that there is not", () => {
    const rows = tableRows(section(read("README.md"), "Commands"));
    const leaves = commands.flatMap(leavesOf).map(pathOf);
    expect(rows.map(([command = ""]) => command.replaceAll("`", "").replace(/ <.*/, "")).toSorted()).toEqual(
      leaves.toSorted(),
    );
    const problems = rows.flatMap(([command = "", , options = ""]) => {
      const line = `${command.replaceAll("`", "")} ${[...options.matchAll(/--[a-z-]+/g)].join(" ")}`;
      return problemsOf(line);
    });
    expect(problems).toEqual([]);
  });
});

describe("documented files", () => {
  it("shows files as they are", () => {
    const shown = ["docs/scenarios.md", "docs/ci.md"].flatMap((page) =>
      [...read(page).matchAll(/^\[`([^`]+)`\]\([^)]+\)\n\n```yaml\n([^]*?)^```$/gm)].map(([, file, text]) => ({
        file: file!,
        text,
      })),
    );
    expect(shown.length).toBeGreaterThanOrEqual(9);
    for (const { file, text } of shown) expect(`${file}\n${text}`).toBe(`${file}\n${read(file)}`);
  });

  it("shows a complete driver, short and as it is", () => {
    const [, file, text] = /^\[`([^`]+)`\]\([^)]+\)\n\n```ts\n([^]*?)^```$/m.exec(read("docs/writing-a-driver.md"))!;
    expect(text).toBe(read(file!));
    expect(text!.split("\n").length).toBeLessThan(80);
  });

  it("has configurations that are read as they stand", () => {
    const [byHand] = codeBlocks("README.md", "yaml");
    const [agent] = codeBlocks("docs/configuration.md", "yaml agent");
    const [cloud] = codeBlocks("docs/configuration.md", "yaml cloud");
    for (const text of [byHand!, agent!])
      expect(parseYaml(yamlDocument(text, "agent.yaml"), AgentConfig).deviceId).toBe("amr-07");
    expect(parseYaml(yamlDocument(cloud!, "cloud.yaml"), CloudConfig)).toEqual(CloudConfig.parse({}));
  });

  it.each([
    ["The agent", AgentConfig],
    ["The cloud", CloudConfig],
    ["Device profiles", DeviceProfile],
  ])("%s: explains every key, and none that there is not", (title, schema) => {
    const rows = tableRows(section(read("docs/configuration.md"), title));
    const explained = rows.flatMap(([keys = ""]) => [...keys.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
    expect(explained.toSorted()).toEqual([...keysOf(schema).keys()].toSorted());
  });

  it.each([
    ["The agent", AgentConfig],
    ["The cloud", CloudConfig],
  ])("%s: names the defaults that hold", (title, schema) => {
    const defaults = keysOf(schema);
    const rows = tableRows(section(read("docs/configuration.md"), title));
    const stated = rows.flatMap(([keys = "", value = ""]) => {
      const plain = /^`([^`]+)`$/.exec(value)?.[1];
      const isText = plain !== undefined && keys !== "`broker.protocolVersion`";
      return isText ? [[keys.replaceAll("`", ""), plain] as const] : [];
    });
    expect(stated.length).toBeGreaterThan(2);
    for (const [key, text] of stated) expect([key, textOf(defaults.get(key))]).toEqual([key, text]);
  });
});

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function read(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

/** The fenced blocks of a page that are marked as this language; "" for unmarked ones. */
function codeBlocks(page: string, language: string): string[] {
  const blocks = [...read(page).matchAll(/^```(.*)\n([^]*?)^```$/gm)];
  return blocks.flatMap(([, marked, text]) => (marked === language ? [text!] : []));
}

/** A chapter of a page, from its heading to the next of the same level. */
function section(text: string, title: string): string {
  const from = text.indexOf(`## ${title}\n`);
  const to = text.indexOf("\n## ", from + 1);
  return text.slice(from, to === -1 ? undefined : to);
}

function tableRows(text: string): string[][] {
  const lines = text.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Every line of a code block that calls holdfast. */
function commandLines(page: string): { page: string; line: string }[] {
  const lines = codeBlocks(page, "").flatMap((block) => block.split("\n"));
  return lines.flatMap((line) => {
    const call = /\bholdfast\s.*/.exec(line.replace(/NODE_COMPILE_CACHE=\S+/, ""))?.[0];
    return call === undefined ? [] : [{ page, line: call.replace(/\s+#.*/, "") }];
  });
}

function problemsOf(line: string): string[] {
  const words = line.split(/\s+/).slice(1);
  let command = commands.find((candidate) => candidate.name() === words[0]);
  if (!command) return [`there is no command ${words[0]}`];
  let rest = words.slice(1);
  while (command.commands.length > 0) {
    const child: Command | undefined = command.commands.find((candidate) => candidate.name() === rest[0]);
    if (!child) return [`${pathOf(command)} has no ${rest[0]}`];
    [command, rest] = [child, rest.slice(1)];
  }
  const known = new Set(command.options.map((option) => option.long));
  return rest.filter((word) => word.startsWith("--") && !known.has(word)).map((word) => `there is no ${word}`);
}

function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

function pathOf(command: Command): string {
  return `${command.parent ? pathOf(command.parent) : "holdfast"} ${command.name()}`;
}

function namesDriver(node: z.core.JSONSchema.BaseSchema): boolean {
  const variants = [node, ...(node.oneOf ?? [])] as (typeof node)[];
  return variants.some(({ properties }) => properties !== undefined && "driver" in properties);
}

/** The paths of everything that a configuration may say, with its default. */
function keysOf(schema: z.ZodType): ReadonlyMap<string, unknown> {
  const keys = new Map<string, unknown>();
  walk(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }), "");
  return keys;

  function walk(node: z.core.JSONSchema.BaseSchema, path: string): void {
    for (const variant of node.oneOf ?? node.anyOf ?? []) walk(variant as typeof node, path);
    for (const [name, value] of Object.entries(node.properties ?? {})) {
      const child = value as typeof node;
      const key = path === "" ? name : `${path}.${name}`;
      // The options of drivers are listed by `holdfast drivers`.
      if (namesDriver(child)) keys.set(key, undefined);
      else if (child.properties || child.oneOf || child.anyOf?.some((variant) => (variant as typeof node).properties))
        walk(child, key);
      else keys.set(key, child.default);
    }
  }
}
