import { fileURLToPath } from "node:url";
import { loadYaml } from "#lib/node/yaml-file";
import { Policy } from "../core/policy/policy.ts";

/** Names of the policies that ship. */
export const SHIPPED_POLICIES = ["warehouse", "cleaning"] as const;

/** The recovery policy of a file; a bare name is one that ships. Throws `config.invalid` with every problem and its line. */
export function loadPolicy(nameOrFile: string): Policy {
  const isShipped = /^[\w-]+$/.test(nameOrFile);
  const shipped = (): string => fileURLToPath(new URL(`../../config/policies/${nameOrFile}.yaml`, import.meta.url));
  return loadYaml(isShipped ? shipped() : nameOrFile, Policy);
}
