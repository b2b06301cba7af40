import { getShortestPaths } from "xstate/graph";
import { describe, expect, it } from "vitest";
import { contractMachine } from "./contract-machine.ts";
import {
  accepted,
  attempted,
  completed,
  CONTRACT,
  failed,
  held,
  journal,
  type Line,
  resumed,
  stageStarted,
  STARTED,
} from "./example-journal.ts";
import { emptyDevice, foldEvents, stageOf } from "./reducer.ts";
import {
  STAGE_EVENTS,
  STAGE_STATUSES,
  STAGE_TRANSITIONS,
  type StageEventType,
  type StageStatus,
} from "./stage-status.ts";
import type { ContractState, StageState } from "./state.ts";
import { CONTRACT_STATUSES, isFinal, nextStatus, STATUS_TRANSITIONS, type StatusEvent } from "./status.ts";

/*
 * The machines are the model, the reducer over real journals is what is tested: every state that can be reached, every event
 * in it, whether it moves something or must be ignored.
 */

function contractAfter(lines: readonly Line[]): ContractState {
  return foldEvents(emptyDevice("i-1"), journal([accepted(), ...lines])).contracts[CONTRACT]!;
}

const ENDED = { reason: "because" };
const LINES: Readonly<Record<Extract<StatusEvent, `contract.${string}`>, Line>> = {
  "contract.accepted": accepted(),
  "contract.rejected": { type: "contract.rejected", data: { reason: "busy", problems: [] } },
  "contract.started": STARTED,
  "contract.held": held("h", "cloud"),
  "contract.resumed": resumed("h", "cloud"),
  "contract.completed": { type: "contract.completed", data: { durationSeconds: 1, distance: 1, batteryUsed: 0 } },
  "contract.failed": { type: "contract.failed", data: ENDED },
  "contract.aborted": { type: "contract.aborted", data: ENDED },
  "contract.cancelled": { type: "contract.cancelled", data: ENDED },
  "contract.expired": { type: "contract.expired", data: ENDED },
  "contract.released": { type: "contract.released", data: ENDED },
  "contract.revoked": { type: "contract.revoked", data: ENDED },
};
type Written = keyof typeof LINES;
const WRITTEN = Object.keys(LINES) as Written[];

describe("a contract in the journal", () => {
  const fromState = contractMachine.resolveState({ value: "accepted", context: { phase: "not-begun" } });
  const paths = getShortestPaths(contractMachine, { fromState, events: WRITTEN.map((type) => ({ type })) });
  const places = paths.map(({ state, steps }) => ({
    status: CONTRACT_STATUSES.find((status) => state.matches(status))!,
    phase: state.context.phase,
    lines: steps.flatMap(({ event }) => (event.type in LINES ? [LINES[event.type as Written]] : [])),
  }));

  it("reaches every status that a device can write, held and ended also before the start", () => {
    const reached = new Set(places.map(({ status, phase }) => `${status} ${phase}`));
    const endings = ["completed", "failed", "aborted", "cancelled", "expired", "released"];
    const expected = [
      "accepted not-begun",
      "running begun",
      ...["held", ...endings].flatMap((status) => [`${status} not-begun`, `${status} begun`]),
    ];
    expect(reached).toEqual(new Set(expected));
  });

  it("takes every transition of the table that starts there, and each in the journal as in the table", () => {
    const taken = new Set<string>();
    for (const { status, phase, lines } of places) {
      expect(contractAfter(lines)).toMatchObject({ status, isStarted: phase === "begun" });
      for (const type of WRITTEN) {
        const to = nextStatus(status, type, phase);
        if (to === undefined) continue;
        taken.add(`${status} ${type} ${to}`);
        expect(contractAfter([...lines, LINES[type]]).status, `${status} ${phase} ${type}`).toBe(to);
      }
    }
    const reachable = new Set(places.map(({ status }) => status));
    const rows = STATUS_TRANSITIONS.filter((row) => row.writer === "device" && reachable.has(row.from));
    expect(taken).toEqual(new Set(rows.map(({ from, event, to }) => `${from} ${event} ${to}`)));
  });

  it("ignores every other event, but for its number", () => {
    let ignored = 0;
    for (const { status, phase, lines } of places) {
      const before = contractAfter(lines);
      for (const type of WRITTEN) {
        if (nextStatus(status, type, phase) !== undefined) continue;
        const after = contractAfter([...lines, LINES[type]]);
        expect(after.lastSeq).toBe(before.lastSeq + 1);
        // A hold that is placed again is the same hold, seen later.
        const holds = type === "contract.held" ? before.holds : after.holds;
        expect({ ...after, holds, lastSeq: before.lastSeq }, `${status} ${phase} ${type}`).toEqual(before);
        ignored++;
      }
    }
    const moved = places.flatMap(({ status, phase }) => WRITTEN.filter((type) => nextStatus(status, type, phase)));
    expect(ignored + moved.length).toBe(places.length * WRITTEN.length);
  });

  it("is never moved again once it has ended", () => {
    const ended = places.filter(({ status }) => isFinal(status));
    expect(ended.length).toBeGreaterThan(0);
    for (const { status, phase } of ended) {
      expect(WRITTEN.filter((type) => nextStatus(status, type, phase))).toEqual([]);
    }
  });
});

/** Every event that there can be about the stage while it is attempted at most twice. */
const STAGE_LINES: readonly Line[] = [
  stageStarted("go"),
  attempted("go", 1),
  attempted("go", 2),
  ...["done", "not-done", "unknown"].flatMap((answer) =>
    [1, 2].map((n): Line => ({ type: "stage.verified", stageId: "go", data: { n, answer } })),
  ),
  failed("go"),
  completed("go"),
  { type: "stage.skipped", stageId: "go", data: { reason: "optional" } },
];

interface Visit {
  readonly lines: readonly Line[];
  readonly stage: StageState;
}

/** Every stage that journals of such events can lead to, each by a shortest journal. */
function explore(): readonly Visit[] {
  const visit = (lines: readonly Line[]): Visit => ({
    lines,
    stage: stageOf(contractAfter([STARTED, ...lines]), "go")!,
  });
  const found = new Map([["", visit([])]]);
  for (const { lines } of found.values()) {
    for (const line of STAGE_LINES) {
      const next = visit([...lines, line]);
      const { status, attempts, verified } = next.stage;
      const key = status === "pending" ? "" : `${status} ${attempts} ${verified}`;
      if (!found.has(key)) found.set(key, next);
    }
  }
  return [...found.values()];
}

/** What a reader of the documentation expects to change nothing at all. */
function mustBeIgnored({ status, attempts }: StageState, line: Line): boolean {
  if (status === "completed" || status === "skipped") return true;
  const n = (line.data as { n?: number } | undefined)?.n;
  if (line.type === "stage.attempt") return n! <= attempts;
  return line.type === "stage.verified" && (status === "pending" || n !== attempts);
}

describe("a stage in the journal", () => {
  const visits = explore();

  it("reaches every status, with every verdict on every attempt", () => {
    expect(new Set(visits.map(({ stage }) => stage.status))).toEqual(new Set(STAGE_STATUSES));
    expect(visits.length).toBeGreaterThan(30);
  });

  it("takes every transition of the table, and none that is not in it", () => {
    const taken = new Set<string>();
    for (const { lines, stage } of visits) {
      for (const line of STAGE_LINES) {
        if (mustBeIgnored(stage, line)) continue;
        const after = stageOf(contractAfter([STARTED, ...lines, line]), "go")!;
        taken.add(rowName(stage.status, line.type as StageEventType, after.status));
      }
    }
    expect(taken).toEqual(new Set(STAGE_TRANSITIONS.map(({ from, event, to }) => rowName(from, event, to))));
  });

  it("ignores every other event: after its end, of an old attempt, about another attempt", () => {
    let ignored = 0;
    for (const { lines, stage } of visits) {
      for (const line of STAGE_LINES) {
        if (!mustBeIgnored(stage, line)) continue;
        expect(stageOf(contractAfter([STARTED, ...lines, line]), "go"), `${line.type} when ${stage.status}`).toEqual(
          stage,
        );
        ignored++;
      }
    }
    expect(ignored).toBeGreaterThan(100);
  });

  it("never counts an attempt back, nor forgets that one was made", () => {
    for (const { lines, stage } of visits) {
      for (const line of STAGE_LINES) {
        const after = stageOf(contractAfter([STARTED, ...lines, line]), "go")!;
        expect(after.attempts).toBeGreaterThanOrEqual(stage.attempts);
        expect(after.lastKey === undefined).toBe(after.attempts === 0);
      }
    }
  });

  it("leaves the stages beside it alone", () => {
    for (const { lines } of visits) {
      const [, pick, look] = contractAfter([STARTED, ...lines]).stages;
      expect([pick?.status, look?.status]).toEqual(["pending", "pending"]);
    }
  });

  it("has a row for no event that does not exist", () => {
    expect(new Set(STAGE_TRANSITIONS.map(({ event }) => event))).toEqual(new Set(STAGE_EVENTS));
  });
});

function rowName(from: StageStatus, event: StageEventType, to: StageStatus): string {
  return `${from} ${event} ${to}`;
}
