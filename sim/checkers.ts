import { differences, notLive, openContracts, unreconciled } from "./checks/ending-checks.ts";
import { journalGaps, strays } from "./checks/journal-checks.ts";
import { avoidableContacts, idleMoves, speeding, trespasses } from "./checks/motion-checks.ts";
import { inventedMovements, repeatedMovements, untoldMovements } from "./checks/movement-checks.ts";
import { overgrown } from "./checks/size-checks.ts";
import { lateWork, outOfScope, rivals, weakWork } from "./checks/task-checks.ts";
import type { Evidence } from "./evidence.ts";

/** Something that holds for every run, whatever goes wrong in it. */
export interface Checker {
  readonly says: string;
  /** What speaks against it, in words; empty when it holds. */
  readonly violations: (run: Evidence) => readonly string[];
}

/** Safety: these hold at any moment of a run. */
export const ALWAYS: readonly Checker[] = [
  { says: "at most one device works on a task", violations: rivals },
  { says: "nothing is done that is not in scope", violations: outOfScope },
  { says: "no work is begun after a contract's time", violations: lateWork },
  { says: "no stage is begun with less battery than the contract demands", violations: weakWork },
  { says: "no robot drives faster than its contract allows", violations: speeding },
  {
    says: "a robot keeps out of forbidden zones and slow in slow ones while it knows where it is",
    violations: trespasses,
  },
  { says: "a robot moves only for a contract", violations: idleMoves },
  { says: "a robot never touches what it could see in time", violations: avoidableContacts },
  { says: "nothing is picked or placed twice for one stage", violations: repeatedMovements },
  { says: "no journal tells of what was not moved", violations: inventedMovements },
  { says: "a journal has no gap", violations: journalGaps },
  { says: "what the cloud has committed is a prefix of the journal", violations: strays },
  { says: "journals, messages, logs and timers stay within bounds", violations: overgrown },
];

/** Progress: these hold once faults are over and everything has settled. */
export const IN_THE_END: readonly Checker[] = [
  { says: "every contract has ended, and cloud and device agree how", violations: openContracts },
  { says: "every device is live", violations: notLive },
  { says: "cloud and device fold to the same state", violations: differences },
  { says: "world, journal and ledger tell of the same movements", violations: untoldMovements },
  { says: "every outage was reconciled", violations: unreconciled },
];

/** Everything that a settled run breaks: the sentence, and what speaks against it. */
export function violationsOf(run: Evidence, checkers: readonly Checker[] = [...ALWAYS, ...IN_THE_END]): string[] {
  return checkers.flatMap(({ says, violations }) => violations(run).map((what) => `${says}: ${what}`));
}
