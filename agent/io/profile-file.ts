import { fileURLToPath } from "node:url";
import { loadYaml } from "#lib/node/yaml-file";
import { DeviceProfile } from "../profile.ts";

/** Reads a device profile from a file; a bare name is one that ships. Throws `config.invalid`. */
export function loadProfile(nameOrFile: string): DeviceProfile {
  return loadYaml(profilePath(nameOrFile), DeviceProfile);
}

function profilePath(nameOrFile: string): string {
  if (/[/.]/.test(nameOrFile)) return nameOrFile;
  return fileURLToPath(new URL(`../../config/devices/${nameOrFile}.yaml`, import.meta.url));
}
