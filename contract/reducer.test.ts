import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EVENT_DATA } from "./event-data.ts";
import type { Event } from "./event.ts";
import {
  accepted,
  attempted,
  completed,
  CONTRACT,
  failed,
  fixed,
  held,
  journal,
  type Line,
  movement,
  OTHER,
  replanAdopted,
  replanRefused,
  replanRequested,
  resumed,
  stageStarted,
  STAGES,
  STARTED,
} from "./example-journal.ts";
import { sha256Hex } from "./io/node-crypto.ts";
import { activeContract, emptyDevice, foldEvent, foldEvents, stateHash } from "./reducer.ts";
import type { ContractState, DeviceState } from "./state.ts";
import { holdsLock } from "./status.ts";

function fold(...lines: Line[]): DeviceState {
  return foldEvents(emptyDevice("i-1"), journal(lines));
}

function contractAfter(...lines: Line[]): ContractState {
  return fold(accepted(), ...lines).contracts[CONTRACT]!;
}

describe("acceptance", () => {
  it("makes a contract of pending stages", () => {
    expect(contractAfter()).toEqual({
      contractId: CONTRACT,
      taskId: "task-1",
      revision: 1,
      localRevision: 0,
      epoch: 1,
      status: "accepted",
      offline: "finish",
      isStarted: false,
      stages: [
        { stageId: "go", action: "navigate", isOptional: false, status: "pending", attempts: 0, retries: 0, fixes: {} },
        { stageId: "pick", action: "pick", isOptional: false, status: "pending", attempts: 0, retries: 0, fixes: {} },
        { stageId: "look", action: "scan", isOptional: true, status: "pending", attempts: 0, retries: 0, fixes: {} },
      ],
      holds: [],
      load: {},
      replans: 0,
      drift: [],
      distance: 0,
      batteryUsed: 0,
      firstSeq: 1,
      lastSeq: 1,
      acceptedAt: "2026-01-05T08:00:01.000Z",
    });
  });

  it("locks the device until the contract ends", () => {
    expect(activeContract(fold(accepted()))?.contractId).toBe(CONTRACT);
    expect(activeContract(fold(accepted(), { type: "contract.cancelled", data: { reason: "cloud" } }))).toBeUndefined();
    expect(activeContract(emptyDevice("i-1"))).toBeUndefined();
  });

  it("keeps the highest epoch of a task, and refuses a contract below it", () => {
    const state = fold(
      { ...accepted(), epoch: 3 },
      { type: "contract.released", epoch: 3, data: { reason: "cloud" } },
      { ...accepted(), contractId: OTHER, epoch: 2 },
    );
    expect(state.epochs).toEqual({ "task-1": 3 });
    expect(state.contracts[OTHER]).toBeUndefined();
    expect(state.seq).toBe(3);
  });

  it("is not misled by tasks named like members of every object", () => {
    const state = fold(accepted(STAGES, { taskId: "constructor" }));
    expect(state.epochs["constructor"]).toBe(1);
    expect(state.contracts[CONTRACT]?.status).toBe("accepted");
  });
});

describe("what changes no task state", () => {
  const base = [accepted(), STARTED, stageStarted("go")];
  it.each<[string, Line]>([
    ["an event of an unknown type", { type: "stage.teleported", stageId: "go" }],
    ["a type named like a member of every object", { type: "constructor" }],
    ["data that does not fit its type", { type: "stage.completed", stageId: "go", data: { output: 1 } }],
    ["an ending without a reason", { type: "contract.failed", data: {} }],
    ["an event of an older epoch", { ...completed("go"), epoch: 0 }],
    ["an event of an unknown contract", { ...completed("go"), contractId: OTHER }],
    ["an acceptance without an epoch", { type: "contract.accepted", contractId: OTHER, data: accepted().data ?? {} }],
  ])("%s", (_name, line) => {
    const lines = line.type === "contract.accepted" ? { ...line, epoch: undefined as never } : line;
    const before = fold(...base);
    expect(fold(...base, lines)).toEqual({ ...before, seq: before.seq + 1 });
  });

  it("a completion before the start, a second start, a cancel after the end", () => {
    const done: Line = { type: "contract.completed", data: { durationSeconds: 1, distance: 1, batteryUsed: 0 } };
    expect(contractAfter(done).status).toBe("accepted");
    expect(contractAfter(STARTED, STARTED).startedAt).toBe(contractAfter(STARTED).startedAt);
    const late = contractAfter(STARTED, done, { type: "contract.cancelled", data: { reason: "cloud" } });
    expect(late).toMatchObject({ status: "completed", lastSeq: 4 });
    expect(late.endReason).toBeUndefined();
  });
});

describe("the device", () => {
  it("remembers the highest command obeyed", () => {
    const obeyed = (n: number): Line => ({
      type: "command.obeyed",
      data: { commandId: "019b8ce6-1400-7000-8000-0000000000c1", n, command: "hold" },
    });
    expect(fold(obeyed(5), obeyed(3)).lastCommand).toBe(5);
  });

  it("forgets times of the boot clock when it was rebooted, not when the agent was restarted", () => {
    const boot = (start: string): Line => ({
      type: "boot",
      data: { start, bootId: "b", software: "1", incarnation: "i-1" },
    });
    const lines = [STARTED, stageStarted("go")];
    expect(contractAfter(...lines, boot("restart")).startedMonoMs).toBe(2000);
    const rebooted = contractAfter(...lines, boot("cold"));
    expect(rebooted.startedMonoMs).toBeUndefined();
    expect(rebooted.stages[0]).toMatchObject({ status: "started", startedAt: "2026-01-05T08:00:03.000Z" });
    expect(rebooted.stages[0]).not.toHaveProperty("startedMonoMs");
  });

  it("was last seen where an event says", () => {
    const sighting: Line = {
      type: "stage.progress",
      stageId: "go",
      data: { share: 0.5, pose: [1, 2, 0], battery: 0.8 },
    };
    const later: Line = { type: "stage.started", stageId: "pick", data: { action: "pick", battery: 0.7 } };
    expect(contractAfter(sighting, later).lastSeen).toEqual({
      at: "2026-01-05T08:00:03.000Z",
      pose: [1, 2, 0],
      battery: 0.7,
    });
  });
});

describe("stateHash", () => {
  it("is 16 hex digits, the same for the same events", () => {
    const hash = stateHash(contractAfter(STARTED), sha256Hex);
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(stateHash(contractAfter(STARTED), sha256Hex)).toBe(hash);
  });

  it.each<[string, Line[]]>([
    ["the status", [held("h", "cloud")]],
    ["a stage", [completed("go")]],
    ["an attempt", [attempted("go", 1)]],
    ["an event that only counts", [{ type: "notice", data: { kind: "x", text: "y" } }]],
  ])("differs after %s changed", (_name, lines) => {
    expect(stateHash(contractAfter(STARTED, ...lines), sha256Hex)).not.toBe(
      stateHash(contractAfter(STARTED), sha256Hex),
    );
  });

  it("does not see floats", () => {
    const contract = contractAfter(STARTED, completed("go"));
    const drifted = { ...contract, distance: contract.distance + 1e-15, load: { A: 0.1 + 0.2 } };
    expect(stateHash(drifted, sha256Hex)).toBe(stateHash(contract, sha256Hex));
  });
});

const STAGE_ID = fc.constantFrom("go", "pick", "look", "detour", "nowhere");
const HOLD = fc.tuple(fc.constantFrom("h1", "h2"), fc.constantFrom("cloud", "safety"));
const LINE: fc.Arbitrary<Line> = fc.oneof(
  fc.constantFrom(accepted(), { ...accepted(STAGES.slice(1)), revision: 2 }, { ...accepted(), epoch: 2, revision: 3 }),
  fc.constantFrom<Line>(
    STARTED,
    { type: "contract.completed", data: { durationSeconds: 1, distance: 1, batteryUsed: 0 } },
    { type: "boot", data: { start: "cold", bootId: "b", software: "1", incarnation: "i-1" } },
    {
      type: "replan.adopted",
      data: { by: "device", localRevision: 1, stages: [{ stageId: "detour", action: "navigate" }] },
    },
    replanAdopted([{ stageId: "pick", action: "pick", changes: { inputs: { from: "b" }, after: [] } }]),
    { type: "unheard-of", data: { anything: [1, { goes: true }] } },
  ),
  HOLD.map(([id, by]) => held(id, by)),
  HOLD.map(([id, by]) => resumed(id, by)),
  STAGE_ID.map(stageStarted),
  fc.tuple(STAGE_ID, fc.constantFrom("r1", "r2")).map(([id, request]) => replanRequested(id, request)),
  fc.tuple(fc.constantFrom("cloud", "device"), fc.constantFrom("r1", "r2")).map(([by, id]) => replanRefused(by, id)),
  fc
    .tuple(STAGE_ID, fc.constantFrom("retry", "slower"), fc.integer({ min: 1, max: 3 }), fc.boolean())
    .map(([id, fix, n, isChange]) => fixed(id, fix, n, isChange ? { speedShare: 0.5 } : undefined)),
  STAGE_ID.map(completed),
  STAGE_ID.map((id) => failed(id, "retry")),
  fc.tuple(STAGE_ID, fc.integer({ min: 1, max: 4 })).map(([id, n]) => attempted(id, n)),
  fc
    .tuple(fc.constantFrom("PICK", "PUT"), fc.integer({ min: 1, max: 5 }))
    .map(([kind, qty]) => movement(kind, "A", qty)),
  fc.tuple(fc.constantFrom(...Object.keys(EVENT_DATA)), fc.object()).map(([type, data]) => ({ type, data })),
);
/** What work plans say belongs to no contract. */
const PLAN_LINE: fc.Arbitrary<Line> = fc
  .tuple(fc.constantFrom("p1", "p2"), fc.constantFrom(attempted("go", 1), completed("go"), failed("go", "retry")))
  .map(([planId, { type, stageId = "go", data }]) => {
    const ofPlan = { planId, plan: "wind-down", contractId: CONTRACT, action: "place", inputs: {} };
    return { type, stageId, data: { ...data, workPlan: planId, pose: [1, 2, 3], ofPlan } };
  });
const JOURNAL = fc
  .array(fc.oneof({ arbitrary: LINE, weight: 8 }, { arbitrary: PLAN_LINE, weight: 1 }), { maxLength: 40 })
  .map((lines) =>
    journal([accepted(), ...lines]).map((event) => (event.data["workPlan"] ? ofNoContract(event) : event)),
  );

function ofNoContract({ contractId: _none, ...event }: Event): Event {
  return event;
}

describe("for any journal", () => {
  const start = emptyDevice("i-1");

  it("a fold in batches, cut anywhere, is the fold of the whole", () => {
    fc.assert(
      fc.property(JOURNAL, fc.array(fc.nat(40)), (events, cuts) => {
        const bounds = [0, ...cuts.toSorted((a, b) => a - b), events.length];
        const batches = bounds.slice(1).map((end, at) => events.slice(bounds[at], end));
        expect(batches.reduce(foldEvents, start)).toEqual(foldEvents(start, events));
      }),
    );
  });

  it("events that come again, singly or in batches, change nothing", () => {
    fc.assert(
      fc.property(JOURNAL, fc.array(fc.tuple(fc.nat(40), fc.nat(40))), (events, repeats) => {
        const arrivals = repeats.reduceRight<Event[]>((list, [from, count]) => {
          const cut = Math.min(from, list.length);
          return [...list.slice(0, cut), ...list.slice(Math.max(0, cut - count), cut), ...list.slice(cut)];
        }, events);
        expect(foldEvents(start, arrivals)).toEqual(foldEvents(start, events));
      }),
    );
  });

  it("a resume from any prefix goes on as if nothing had been", () => {
    fc.assert(
      fc.property(JOURNAL, fc.nat(40), (events, length) => {
        const prefix = foldEvents(start, events.slice(0, length));
        expect(foldEvents(structuredClone(prefix), events)).toEqual(foldEvents(start, events));
      }),
    );
  });

  it("the number of the last event is the state's, one state is never edited, and equal states hash alike", () => {
    fc.assert(
      fc.property(JOURNAL, (events) => {
        let state = start;
        for (const event of events) {
          const before = structuredClone(state);
          const next = foldEvent(state, event);
          expect(state).toEqual(before);
          expect(next.seq).toBe(event.seq);
          state = next;
        }
        const again = foldEvents(start, events);
        const hashes = (device: DeviceState): string[] =>
          Object.values(device.contracts).map((contract) => stateHash(contract, sha256Hex));
        expect(hashes(again)).toEqual(hashes(state));
      }),
    );
  });

  it("a contract is held exactly while it has holds, and carries no negative load", () => {
    fc.assert(
      fc.property(JOURNAL, (events) => {
        for (const contract of Object.values(foldEvents(start, events).contracts)) {
          expect(contract.status === "held").toBe(contract.holds.length > 0);
          expect(Object.values(contract.load).every((quantity) => quantity > 0)).toBe(true);
          expect(new Set(contract.stages.map((stage) => stage.stageId)).size).toBe(contract.stages.length);
        }
      }),
    );
  });

  it("no plan touches what is completed or left out, and the numbers of attempts never fall", () => {
    fc.assert(
      fc.property(JOURNAL, (events) => {
        for (const [was, is] of historyOf(events)) {
          const next = new Map(is?.stages.map((stage) => [stage.stageId, stage]));
          const over = was?.stages.filter(({ status }) => status === "completed" || status === "skipped") ?? [];
          expect(over.filter(({ stageId, status }) => next.get(stageId)?.status !== status)).toEqual([]);
          const lost = was?.stages.filter(({ stageId, attempts }) => (next.get(stageId)?.attempts ?? 99) < attempts);
          expect(lost ?? []).toEqual([]);
        }
      }),
    );
  });

  it("the budget only counts up, one by one, and a contract that is over asks for nothing", () => {
    fc.assert(
      fc.property(JOURNAL, (events) => {
        for (const [was, is] of historyOf(events)) {
          expect([0, 1]).toContain((is?.replans ?? 0) - (was?.replans ?? 0));
          expect(is?.replan !== undefined && !holdsLock(is.status)).toBe(false);
        }
      }),
    );
  });
});

/** The contract before and after each event. */
function historyOf(events: readonly Event[]): [ContractState | undefined, ContractState | undefined][] {
  let state = emptyDevice("i-1");
  return events.map((event) => {
    const was = state.contracts[CONTRACT];
    state = foldEvent(state, event);
    return [was, state.contracts[CONTRACT]];
  });
}
