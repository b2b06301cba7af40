import type { Sha256, Signer } from "#contract/crypto";
import { timestamp, type Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import type { BrokerLink } from "./broker-link.ts";
import type { ExecutionConfig } from "./config.ts";
import type { Fleet } from "./fleet.ts";
import type { Estimator } from "./core/estimator.ts";
import type { Equator } from "./core/equator/site-map.ts";
import type { Planner } from "./core/planner.ts";
import type { SiteWays } from "./core/planning/site-ways.ts";
import type { StoreOp } from "./io/store-ops.ts";
import type { CloudStore } from "./io/store.ts";
import type { PolicyService } from "./policies.ts";
import type { Recollection } from "./recollection.ts";

/** What every part of the execution works with. */
export interface CloudContext {
  readonly config: ExecutionConfig;
  readonly cloudId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: CloudStore;
  readonly signer: Signer;
  readonly sha256: Sha256;
  readonly uuid: () => string;
  readonly link: BrokerLink;
  readonly fleet: Fleet;
  readonly policies: PolicyService;
  readonly planner: Planner;
  readonly estimator: Estimator;
  readonly recollection: Recollection;
  readonly equator: Equator;
  readonly ways: SiteWays;
  /** Aborts when the cloud goes down. */
  readonly ended: AbortSignal;
  /** Runs what nobody waits for; its failure is logged, and it is awaited at the end. */
  readonly background: (what: string, task: () => Promise<void>) => void;
}

/** The wall clock as the database and the wire write it. */
export function nowText(context: { readonly clock: Clock }): string {
  return timestamp(context.clock.wallMs());
}

/** A log line for the stream. */
export function logOp(
  context: { readonly clock: Clock },
  entry: Omit<Extract<StoreOp, { op: "log" }>["entry"], "at">,
): StoreOp {
  return { op: "log", entry: { at: nowText(context), ...entry } };
}
