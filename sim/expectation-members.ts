import { nameHint } from "#lib/nearest-name";
import type { ContractResult, DeviceResult } from "./result.ts";

const DEVICE: Readonly<Record<keyof DeviceResult, true>> = {
  id: true,
  contracts: true,
  distance: true,
  meanSpeed: true,
  minClearance: true,
  collisions: true,
  keepoutViolations: true,
  speedViolations: true,
  timeToGoal: true,
  batteryUsed: true,
  coverage: true,
  coverageOverlap: true,
};
const CONTRACT: Readonly<Record<keyof ContractResult, true>> = {
  contractId: true,
  name: true,
  status: true,
  stages: true,
};

const LOOKUP = /\b(robot|contract)\(\s*(?:'[^']*'|"[^"]*")\s*\)\.(\w+)/g;

/** What is wrong with the members that an expectation asks robots and contracts for; undefined when nothing is. */
export function unknownMember(that: string): string | undefined {
  const direct = [...that.matchAll(LOOKUP)].map(([, of, member]) => ({ of: of!, member: member! }));
  const inAll = deviceMembersIn(that).map((member) => ({ of: "robot", member }));
  for (const { of, member } of [...direct, ...inAll]) {
    const known = Object.keys(of === "robot" ? DEVICE : CONTRACT);
    if (!known.includes(member)) return `a ${of} has no ${member}${nameHint(member, known)}`;
  }
  return undefined;
}

/** The members that `devices.all(d, d.collisions == 0)` and its like ask every robot for. */
export function deviceMembersIn(that: string): string[] {
  const variables = [...that.matchAll(/\bdevices\.\w+\((\w+),/g)].map(([, variable]) => variable!);
  return variables.flatMap((variable) =>
    [...that.matchAll(new RegExp(String.raw`\b${variable}\.(\w+)`, "g"))].map(([, member]) => member!),
  );
}
