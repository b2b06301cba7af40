import { existsSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Files that services which keep the clock leave while they do. */
const KEEPERS = [
  ["systemd-timesyncd", "run/systemd/timesync/synchronized"],
  ["chrony", "run/chrony/chronyd.pid"],
  ["ntpd", "run/ntpd.pid"],
] as const;

/** Who keeps the machine's clock right, as far as it can be seen; `isDisciplined` absent where there is no sign of anyone. */
export function clockSource(root = "/"): { readonly source?: string; readonly isDisciplined?: boolean } {
  const keeper = KEEPERS.find(([, file]) => existsSync(`${root}${file}`));
  if (keeper) return { source: keeper[0], isDisciplined: true };
  const isGuest = existsSync(`${root}run/systemd/container`) || isContainer(root);
  return isGuest ? {} : { isDisciplined: false };
}

/** In a container the host keeps the clock. */
function isContainer(root: string): boolean {
  if (existsSync(`${root}.dockerenv`)) return true;
  try {
    return /docker|containerd|kubepods|lxc/.test(readFileSync(`${root}proc/1/cgroup`, "utf8"));
  } catch {
    // No Linux: nothing says who keeps the clock.
    return true;
  }
}

/** When this program was made: no right clock shows an earlier time. */
export function builtMs(): number {
  return statSync(fileURLToPath(import.meta.url)).mtimeMs;
}
