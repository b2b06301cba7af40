import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AgentError, messageOf } from "#lib/errors";
import { loadYaml } from "#lib/node/yaml-file";
import { TaskTemplate } from "../core/scheduling/task-template.ts";

/** The templates that ship. */
export const SHIPPED_TEMPLATES = fileURLToPath(new URL("../../config/tasks", import.meta.url));

/** The task templates of a folder, each a YAML file. Throws `config.invalid` naming file and field. */
export function readTemplates(folder: string): readonly TaskTemplate[] {
  let files: string[];
  try {
    files = readdirSync(folder).toSorted();
  } catch (thrown) {
    const why = `taskTemplates: ${folder} cannot be read: ${messageOf(thrown)}`;
    throw new AgentError("config.invalid", why, { cause: thrown });
  }
  return files.filter((file) => file.endsWith(".yaml")).map((file) => loadYaml(join(folder, file), TaskTemplate));
}
