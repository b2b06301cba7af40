import type { ContractDraft } from "#contract/contract";
import { nameHint } from "#lib/nearest-name";
import type { Fault } from "./faults/fault.ts";
import type { Scenario } from "./scenario.ts";

/** A name in a scenario that nothing has. */
export interface UnknownName {
  /** Where it stands in the file. */
  readonly path: readonly (string | number)[];
  readonly value: string;
  /** What was expected, with the names that exist. */
  readonly message: string;
}

/** The robots, sites, contracts and stages that faults and expectations name and that do not exist. */
export function findUnknownNames(scenario: Scenario, drafts: readonly ContractDraft[]): UnknownName[] {
  const robots = scenario.robots.map(({ id }) => id);
  const sites = scenario.sites.map(({ id }) => id);
  const contracts = drafts.flatMap(({ name }) => name ?? []);
  const tasks = scenario.tasks.map(({ taskId }) => taskId);
  const found: UnknownName[] = [];
  function check(path: UnknownName["path"], value: string | undefined, what: string, known: readonly string[]): void {
    if (value === undefined || known.includes(value)) return;
    const hint = known.length === 0 ? "; there is none" : nameHint(value, known);
    found.push({ path, value, message: `no ${what} has this name${hint}` });
  }
  function checkMoment(path: UnknownName["path"], { after }: Pick<Fault, "after">): void {
    if (!after) return;
    check([...path, "after", "contract"], after.contract, "contract", contracts);
    const named = drafts.filter(({ name }) => name === after.contract);
    const stages = named.flatMap((draft) => draft.stages.map(({ stageId }) => stageId));
    if (named.length > 0) check([...path, "after", "stage"], after.stage, `stage of ${after.contract}`, stages);
  }
  for (const [index, fault] of scenario.network.entries()) {
    check(["network", index, "partition"], fault.partition, "robot", robots);
    check(["network", index, "device"], fault.device, "robot", robots);
    checkMoment(["network", index], fault);
  }
  for (const [index, fault] of scenario.faults.entries()) {
    if ("device" in fault) check(["faults", index, "device"], fault.device, "robot", robots);
    if ("site" in fault) check(["faults", index, "site"], fault.site, "site", sites);
    if ("contract" in fault) check(["faults", index, "contract"], fault.contract, "contract", contracts);
    checkMoment(["faults", index], fault);
  }
  for (const [index, { that }] of scenario.expect.entries()) {
    for (const [, call, , name] of that.matchAll(LOOKUP)) {
      const ids = drafts.flatMap(({ contractId }) => contractId ?? []);
      check(["expect", index, "that"], name, call!, call === "robot" ? robots : [...contracts, ...tasks, ...ids]);
    }
  }
  return found;
}

/** `robot('id')` and `contract("name")` with the name written out. */
const LOOKUP = /\b(robot|contract)\(\s*(['"])([^'"]*)\2\s*\)/g;
