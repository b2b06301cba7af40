import { join } from "node:path";
import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Log } from "#lib/log";
import { findSupervisor, type Supervisor } from "#lib/node/supervisor";
import type { Agent } from "../compose.ts";
import type { Store } from "../store.ts";
import { watchPulses } from "./pulse-watch.ts";
import { CRASHES_MAX, recordStart, STEADY_MS } from "./start-record.ts";

export interface LifeDeps {
  readonly dataDir: string;
  /** Real, whatever the agent's own clock does. */
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the program, so that it is started anew. */
  readonly onFailure: (error: AgentError) => void;
}

/** This start of the program: how those before it ended, who watches over it, and how it goes. */
export interface Life {
  /** Set after a crash loop, with how many starts ended badly: open no device. */
  readonly safeModeAfter: number | undefined;
  /** Watches over a running agent; the supervisor hears that it is ready once all of its vital parts go on. */
  watch(
    agent: Pick<Agent, "report" | "executorAtMs">,
    own: { readonly clock: Clock; readonly store: Store },
  ): Disposable;
  /** Notes how it ended. */
  end(how: "told" | "failed"): void;
}

/** Safe mode lasts so long; then a start is tried again, once. */
export const SAFE_MODE_MS = 600_000;

/** Begins with the lock on the database in hand, so that a second agent by mistake is no crash of the first. */
export function beginLife({ dataDir, clock, log, onFailure }: LifeDeps): Life {
  const supervisor = findSupervisor({ log });
  const record = recordStart(join(dataDir, "starts.json"), { isSupervised: supervisor !== undefined, log });
  const { crashes } = record;
  const isSafe = crashes >= CRASHES_MAX;
  if (isSafe) log.error({ crashes }, "safe mode: no device is opened");
  let isOver = false;
  return {
    safeModeAfter: isSafe ? crashes : undefined,
    watch(agent, own) {
      const parts = new DisposableStack();
      const vouch = voucher(supervisor, clock);
      const motionAtMs = (): number | undefined => agent.report()?.atMs;
      const { executorAtMs } = agent;
      parts.defer(watchPulses({ ...own, log, motionAtMs, executorAtMs, onAlive: vouch, onDead: onFailure }));
      parts.defer(clock.after(isSafe ? SAFE_MODE_MS : STEADY_MS, () => (isSafe ? tryAgain() : record.steady())));
      return parts;
    },
    end(how) {
      if (!isOver) record.end(how);
    },
  };

  function tryAgain(): void {
    isOver = true;
    record.retry();
    onFailure(new AgentError("cancelled", "safe mode is over: a start is tried again"));
  }
}

/** Told at each look that all goes on; tells the supervisor at the start, and three times in each of its periods. */
function voucher(supervisor: Supervisor | undefined, clock: Clock): () => void {
  let isReady = false;
  let toldMs = -Infinity;
  return () => {
    if (!supervisor) return;
    if (!isReady) supervisor.tell("READY=1");
    isReady = true;
    const { watchdogMs } = supervisor;
    if (watchdogMs === undefined || clock.nowMs() - toldMs < watchdogMs / 3) return;
    toldMs = clock.nowMs();
    supervisor.tell("WATCHDOG=1");
  };
}
