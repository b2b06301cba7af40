import { AgentError } from "#lib/errors";
import type { Cancel, Clock } from "#lib/clock";
import type { Event } from "#contract/event";
import { activeContract } from "#contract/reducer";
import type { Health, ToolDrivers } from "#drivers/driver";
import { findViolations } from "../core/constraints.ts";
import { decideConsoleOrder, type ConsoleOrder } from "../core/console-orders.ts";
import type { CommandDecision, CommandHandler } from "../core/command-handler.ts";
import type { JogMove, JogResult } from "../core/jog.ts";
import type { NewEvent } from "../core/ports.ts";
import { instantOf } from "../execution/situation-source.ts";
import type { JournalPart } from "../journal/journal.ts";
import type { ConsoleFacts, Identity, LiveFacts } from "./core/facts.ts";

/** Something that was done on a console. */
export interface ConsoleAction {
  /** `console:<tty>:<role>`. */
  readonly actor: string;
  readonly command: string;
  readonly result?: string;
}

/** What a console may look at and do on a running agent. */
export interface Technician {
  facts(): ConsoleFacts;
  /** The newest events, oldest first. */
  recent(count: number): Promise<readonly Event[]>;
  /** Calls `listener` with each event that becomes durable; returns what ends it. */
  onEvents(listener: (events: readonly Event[]) => void): Cancel;
  /** Carries out an order and journals who gave it, in one transaction. Stopping does not wait for it. Rejects `store.*`. */
  order(order: ConsoleOrder, action: ConsoleAction): Promise<CommandDecision>;
  /** Journals what was done. Rejects `store.*`. */
  record(action: ConsoleAction): Promise<void>;
  /** Lets a tool's device act anew: disables and enables it. Undefined if there is no such device, else its health then. */
  restartDriver(name: string): Promise<Health | undefined>;
  /** Sends the journal up to its end now; false when there is no link. */
  flush(): boolean;
  jog(move: JogMove): Promise<JogResult>;
}

export interface TechnicianDeps {
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly identity: Identity;
  readonly journal: JournalPart;
  readonly drivers: ToolDrivers;
  readonly anticipate: CommandHandler["anticipate"];
  /** Everything but what the journal and the clock tell. */
  readonly live: () => Omit<LiveFacts, "sinceMs" | "violations">;
  readonly flush: () => boolean;
  readonly jog: (move: JogMove) => Promise<JogResult>;
}

/** How much of the journal is read at once. */
const READ_BYTES = 1_048_576;
const READ_EVENTS = 500;

export function createTechnician(deps: TechnicianDeps): Technician {
  const { clock, journal, drivers, uuid } = deps;
  const sinceMs = clock.nowMs();
  return {
    facts() {
      const state = journal.state();
      const active = activeContract(state);
      const contract = active && journal.contract(active.contractId);
      const live = deps.live();
      const now = instantOf(clock);
      const violations = active && contract ? findViolations({ contract, state: active, robot: live.robot, now }) : [];
      return {
        identity: deps.identity,
        nowMs: now.monoMs,
        wallMs: now.wallMs,
        clock: now.clock,
        state,
        contract,
        journal: journal.range(),
        live: { ...live, sinceMs, violations },
      };
    },
    recent: (count) => readNewest(journal, count),
    onEvents: (listener) => journal.onAppended(listener),
    async order(order, action) {
      if (order.type !== "resume") deps.anticipate({ type: order.type === "hold" ? "hold" : "cancel" });
      let decision: CommandDecision = { ok: false, reason: "starting" };
      await journal.decide((state) => {
        decision = decideConsoleOrder(order, state, deps.live().robot, uuid);
        const result = decision.ok ? "done" : decision.reason;
        return { events: [actionEvent({ ...action, result }), ...(decision.ok ? decision.events : [])] };
      });
      return decision;
    },
    async record(action) {
      await journal.append([actionEvent(action)]);
    },
    async restartDriver(name) {
      const driver = Object.hasOwn(drivers, name) ? drivers[name as keyof ToolDrivers] : undefined;
      if (!driver) return undefined;
      try {
        await driver.disable();
        await driver.open();
        await driver.enable();
      } catch (thrown) {
        // Its health says in words what is wrong with it.
        if (!(thrown instanceof AgentError)) throw thrown;
      }
      return driver.health();
    },
    flush: deps.flush,
    jog: deps.jog,
  };
}

function actionEvent({ actor, command, result }: ConsoleAction): NewEvent {
  return { type: "console.action", data: { actor, command, ...(result === undefined ? {} : { result }) } };
}

async function readNewest(journal: JournalPart, count: number): Promise<readonly Event[]> {
  const { firstSeq, lastSeq } = journal.range();
  const events: Event[] = [];
  for (let next = Math.max(firstSeq, lastSeq - count + 1); next <= lastSeq;) {
    const slice = await journal.read(next, READ_EVENTS, READ_BYTES);
    if (!slice) break;
    events.push(...slice.events);
    next = slice.events.at(-1)!.seq + 1;
  }
  return events.slice(-count);
}
