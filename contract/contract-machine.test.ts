import { describe, expect, it } from "vitest";
import { createActor } from "xstate";
import { contractMachine, moveStatus } from "./contract-machine.ts";
import {
  CONTRACT_STATUSES,
  holdsLock,
  isFinal,
  nextStatus,
  STATUS_TRANSITIONS,
  type StatusEvent,
  type WorkPhase,
} from "./status.ts";

const EVENTS = [...new Set(STATUS_TRANSITIONS.map((row) => row.event))];
const PHASES: readonly WorkPhase[] = ["not-begun", "begun"];
const CASES = CONTRACT_STATUSES.flatMap((from) =>
  EVENTS.flatMap((event) => PHASES.map((phase) => ({ from, event, phase }))),
);

describe("the transition table", () => {
  it("has at most one row for a status, an event and a phase", () => {
    for (const { from, event, phase } of CASES) {
      const rows = STATUS_TRANSITIONS.filter(
        (row) => row.from === from && row.event === event && (row.when ?? phase) === phase,
      );
      expect(rows.length, `${from} ${event} ${phase}`).toBeLessThanOrEqual(1);
    }
  });

  it("says both phases where it says one", () => {
    const guarded = STATUS_TRANSITIONS.filter((row) => row.when !== undefined);
    for (const { from, event } of guarded) {
      const phases = guarded.filter((row) => row.from === from && row.event === event).map((row) => row.when);
      expect(new Set(phases)).toEqual(new Set(PHASES));
    }
  });

  it("leads from everywhere but the beginning to everywhere but back into an ended contract", () => {
    expect(new Set(STATUS_TRANSITIONS.map((row) => row.to))).toEqual(
      new Set(CONTRACT_STATUSES.filter((status) => status !== "draft")),
    );
    const revived = STATUS_TRANSITIONS.filter((row) => isFinal(row.from) && !isFinal(row.to));
    expect(revived).toEqual([]);
  });

  it("locks exactly the statuses that are neither a draft nor final", () => {
    expect(CONTRACT_STATUSES.filter(holdsLock)).toEqual(
      CONTRACT_STATUSES.filter((status) => status !== "draft" && !isFinal(status)),
    );
  });
});

describe("the machine", () => {
  it.each(CASES)("moves as the table does: $from, $event, work $phase", ({ from, event, phase }) => {
    expect(moveStatus(from, phase, event)).toBe(nextStatus(from, event, phase));
  });

  it.each<{ name: string; events: readonly StatusEvent[]; end: string }>([
    {
      name: "a contract that is done",
      events: ["cloud.pushed", "contract.accepted", "contract.started", "contract.completed"],
      end: "completed",
    },
    {
      name: "a hold before the start",
      events: ["cloud.pushed", "contract.accepted", "contract.held", "contract.resumed"],
      end: "accepted",
    },
    {
      name: "a hold under way",
      events: ["cloud.pushed", "contract.accepted", "contract.started", "contract.held", "contract.resumed"],
      end: "running",
    },
    {
      name: "an acceptance heard of late",
      events: ["cloud.pushed", "cloud.unconfirmed", "contract.accepted"],
      end: "accepted",
    },
    {
      name: "a rejection that means another revision",
      events: ["cloud.pushed", "contract.accepted", "contract.started", "contract.rejected"],
      end: "running",
    },
    {
      name: "a task handed on after its release",
      events: ["cloud.pushed", "contract.accepted", "contract.released", "cloud.reassigned"],
      end: "reassigned",
    },
  ])("as an actor, takes $name to $end", ({ events, end }) => {
    const actor = createActor(contractMachine).start();
    for (const type of events) actor.send({ type });
    expect(actor.getSnapshot().value).toBe(end);
    actor.stop();
  });

  it("is over once nothing can follow", () => {
    const actor = createActor(contractMachine).start();
    for (const type of ["cloud.pushed", "contract.accepted", "contract.cancelled"] as const) actor.send({ type });
    expect(actor.getSnapshot().status).toBe("done");
  });
});
