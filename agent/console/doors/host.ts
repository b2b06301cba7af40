import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument, parse, stringify } from "yaml";
import { timestamp, type Clock } from "#lib/clock";
import { AgentError, messageOf } from "#lib/errors";
import { loadYaml } from "#lib/node/yaml-file";
import type { Event } from "#contract/event";
import { AgentConfig } from "../../config.ts";
import { examine } from "../../doctor/examine.ts";
import { sentence } from "../../doctor/finding.ts";
import type { ConsoleHost } from "../core/command.ts";
import type { ConsoleFacts } from "../core/facts.ts";
import { told } from "../core/reply.ts";
import { statusOf } from "../commands/status.ts";
import type { LogTail } from "../log-tail.ts";
import { redacted } from "../redaction.ts";
import { packFiles } from "../tar.ts";

export interface HostDeps {
  /** The agent's configuration file; absent when nobody named one. */
  readonly configFile: string | undefined;
  readonly clock: Clock;
  readonly facts: () => ConsoleFacts;
  readonly recent: (count: number) => Promise<readonly Event[]>;
  readonly log: LogTail;
  /** Steps of the wall clock since the agent started, milliseconds; grows. */
  readonly clockStepsMs: readonly number[];
}

const BUNDLED_EVENTS = 500;
const BUNDLED_LINES = 1000;
const COMMAND_WITHIN_MS = 10_000;

/** This machine and the agent's files, for a console. */
export function createHost(deps: HostDeps): ConsoleHost {
  const { configFile, clock, facts, log, clockStepsMs } = deps;
  const diagnose: ConsoleHost["diagnose"] = (check) => {
    const { live } = facts();
    return examine(configFile, { check, inside: live && { clock, live, clockStepsMs } });
  };
  return {
    diagnose,
    configLines: () => (configFile === undefined ? ["none"] : configText(configFile).trimEnd().split("\n")),
    setConfig: (path, value) => (configFile === undefined ? "no file is known" : changeConfig(configFile, path, value)),
    bundle: (seen, actor) => bundleOf(deps, diagnose, seen, actor),
    async saveBundle(bundle, folder, name) {
      const path = join(folder, name);
      try {
        await writeFile(path, bundle, { mode: 0o644 });
        return `${path}, ${bundle.length} B`;
      } catch (thrown) {
        throw new AgentError("config.invalid", `${path}: ${messageOf(thrown)}`, { cause: thrown });
      }
    },
    sha256: (bytes) => createHash("sha256").update(bytes).digest("hex"),
    logLines: (count) => log.last(count),
    onLogLine: (listener) => log.onLine(listener),
    reboot: () => run("systemctl", ["reboot"]),
    setTime: (wallMs) => run("timedatectl", ["set-time", timestamp(wallMs).slice(0, 19).replace("T", " ")]),
  };
}

function configText(file: string): string {
  return stringify(redacted(parse(readFileSync(file, "utf8"))));
}

/** Changes one value, with the comments around it kept, if the whole is then still a configuration. */
function changeConfig(file: string, path: string, text: string): string | undefined {
  const document = parseDocument(readFileSync(file, "utf8"));
  const beside = `${file}.new`;
  try {
    document.setIn(path.split("."), parse(text));
    writeFileSync(beside, String(document), { mode: statSync(file).mode, flush: true });
    loadYaml(beside, AgentConfig);
    renameSync(beside, file);
    return undefined;
  } catch (thrown) {
    return messageOf(thrown).replaceAll(beside, file);
  }
}

async function bundleOf(
  { configFile, clock, recent, log }: HostDeps,
  diagnose: ConsoleHost["diagnose"],
  facts: ConsoleFacts,
  actor: string,
): Promise<Uint8Array> {
  const findings = await diagnose();
  const { node, v8, modules } = process.versions;
  const about = { by: actor, at: timestamp(clock.wallMs()), software: facts.identity.software, node, v8, modules };
  const lines = (values: readonly unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join("");
  return packFiles(
    {
      "about.json": `${JSON.stringify({ ...about, platform: process.platform, arch: process.arch }, null, 2)}\n`,
      "config.yaml": configFile === undefined ? "none\n" : configText(configFile),
      "status.json": `${JSON.stringify(told(statusOf(facts)).records[0], null, 2)}\n`,
      "drivers.json": `${JSON.stringify(facts.live?.drivers ?? null, null, 2)}\n`,
      "journal.jsonl": lines((await recent(BUNDLED_EVENTS)).map(redacted)),
      "log.jsonl": log
        .last(BUNDLED_LINES)
        .map((line) => `${line}\n`)
        .join(""),
      "doctor.txt": findings.map((finding) => `${finding.level} ${sentence(finding)}\n`).join(""),
    },
    clock.wallMs(),
  );
}

/** Answers why the program failed, or nothing. */
function run(program: string, args: readonly string[]): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  execFile(program, args, { timeout: COMMAND_WITHIN_MS }, (error, _out, complaint) =>
    resolve(error ? `${program}: ${complaint.trim() || messageOf(error)}` : undefined),
  );
  return promise;
}
