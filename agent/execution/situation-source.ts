import type { Clock } from "#lib/clock";
import type { Rng } from "#lib/rng";
import { drainPerMetreOf } from "../core/drain.ts";
import type { Policies } from "../core/policies.ts";
import type { Journal, LinkStatus } from "../core/ports.ts";
import type { Instant, Situation } from "../core/situation.ts";
import type { Outlooks } from "./outlook.ts";
import type { RobotSenses } from "./robot-senses.ts";
import type { SafetyMonitor } from "./safety-monitor.ts";
import type { Work } from "./work-plans.ts";

/** What the executor looks at to decide. */
export interface SituationDeps {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly link: LinkStatus;
  readonly senses: RobotSenses;
  readonly safety: SafetyMonitor;
  readonly outlooks: Outlooks;
  readonly policies: Policies;
  /** Spreads the delays of retries. */
  readonly rng: Rng;
  /** Told of the end of each turn of the executor. */
  readonly onTurn?: () => void;
}

/** All that deciding about a contract or a plan takes, as it is now. */
export function lookAt(
  { clock, journal, link, senses, safety, outlooks, policies, rng }: SituationDeps,
  { view, carrier }: Work,
  own: Pick<Situation, "isOrderPending" | "activity" | "offlineMs">,
): Situation {
  const robot = senses.view(carrier.load);
  const reason = safety.reason();
  const drainPerMetre = drainPerMetreOf(journal.state());
  return {
    ...view,
    ...own,
    now: instantOf(clock),
    robot,
    leaseRemainingMs: leaseOf(link, carrier),
    safety: safety.mode(),
    ...(reason === undefined ? {} : { safetyReason: reason }),
    policies,
    chance: rng.float(),
    outlook: outlooks.outlookOf(carrier.contract, robot.pose),
    ...(drainPerMetre === undefined ? {} : { drainPerMetre }),
  };
}

/** Now, on both clocks. */
export function instantOf(clock: Clock): Instant {
  return { monoMs: clock.nowMs(), wallMs: clock.wallMs(), clock: clock.state() };
}

/** What no lease bounds may take as long as it takes. */
function leaseOf(link: LinkStatus, { lease }: Work["carrier"]): number | "unknown" {
  const leftMs = lease ? link.leaseRemainingMs(lease.contractId) : Infinity;
  return leftMs === "unknown" || !lease ? leftMs : leftMs + lease.beyondMs;
}
