import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { DeviceProfile } from "#agent/profile";
import { AgentError } from "#lib/errors";
import { nameHint } from "#lib/nearest-name";
import { describeProblem, readYaml, type YamlDocument } from "#lib/node/yaml-file";
import { problemsOf, type DocumentPath } from "#lib/node/yaml-problems";
import type { Scenario } from "./scenario.ts";

const SHIPPED_PROFILES = resolve(import.meta.dirname, "../config/devices");

/**
 * The profile of a scenario's robot, with the values of its `set` replaced. A problem that `set` makes is told where `set`
 * stands, any other where the profile has it. Throws `config.invalid`.
 */
export function readRobotProfile(
  robot: Scenario["robots"][number],
  at: { index: number; document: YamlDocument; beside: (name: string) => string },
): DeviceProfile {
  const profile = readYaml(profileFile(robot.profile, at.beside));
  const overrides = Object.entries(robot.set ?? {});
  const value = overrides.reduce((before, [path, item]) => replaced(before, path.split("."), item), profile.value);
  const parsed = DeviceProfile.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error, DeviceProfile, value).map(({ path, text }) => {
    const [key] = overrides.find(([name]) => concerns(name, path)) ?? [];
    if (key === undefined) return describeProblem(profile, path, text);
    const line = at.document.lineOf(["robots", at.index, "set", key]);
    return `${at.document.file}:${line}: robots.${at.index}.set: ${path.join(".")} ${text}`;
  });
  throw new AgentError("config.invalid", problems.join("\n"));
}

/** A bare name is a profile that ships, anything else a file. */
function profileFile(name: string, beside: (name: string) => string): string {
  if (name.includes("/") || /\.ya?ml$/.test(name)) return beside(name);
  const shipped = readdirSync(SHIPPED_PROFILES).flatMap((file) => /^(.+)\.yaml$/.exec(file)?.[1] ?? []);
  if (shipped.includes(name)) return resolve(SHIPPED_PROFILES, `${name}.yaml`);
  const hint = nameHint(name, shipped);
  throw new AgentError(
    "config.invalid",
    `no profile ${name} ships${hint} (one of your own is named by its file, such as ./${name}.yaml)`,
  );
}

function replaced(value: unknown, keys: readonly string[], item: unknown): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return item;
  const inside: unknown = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  const next = replaced(inside, rest, item);
  if (Array.isArray(value)) return value.with(Number(key), next);
  return { ...(value as object | undefined), [key]: next };
}

/** Whether a problem at `path` is of what `set` put at `name`, in it or around it. */
function concerns(name: string, path: DocumentPath): boolean {
  const keys = name.split(".");
  return keys.every((key, depth) => path[depth] === undefined || String(path[depth]) === key);
}
