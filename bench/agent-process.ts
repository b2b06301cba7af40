import { readdirSync, readFileSync } from "node:fs";
import { AgentError } from "#lib/errors";

/** Megabytes (10^6 bytes) of a process's memory: all that is resident, and the part that it shares with no file. */
export interface Memory {
  readonly resident: number;
  readonly anonymous: number;
}

/** The agent among this process's children (Linux). Throws `driver.down` when there is none. */
export function agentPid(): number {
  const own = `/proc/${process.pid}/task`;
  const children = readdirSync(own).flatMap((task) => readFileSync(`${own}/${task}/children`, "utf8").split(" "));
  const pid = children.find((child) => child.trim() !== "" && argumentsOf(child).includes("agent"));
  if (pid === undefined) throw new AgentError("driver.down", "no agent process is running");
  return Number(pid);
}

function argumentsOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    // It ended between the two reads, so it is not the one that runs.
    return [];
  }
}

/** `VmRSS` and `RssAnon` of /proc/pid/status (proc(5)). */
export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const megabytes = (field: string): number =>
    (Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) * 1024) / 1e6;
  return { resident: megabytes("VmRSS"), anonymous: megabytes("RssAnon") };
}
