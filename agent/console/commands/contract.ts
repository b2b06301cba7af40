import type { Contract } from "#contract/contract";
import { isFinal } from "#contract/status";
import type { ContractState, StageState } from "#contract/state";
import type { ConsoleCommand } from "../core/command.ts";
import { currentStage, newestContract } from "../core/condition.ts";
import type { ConsoleFacts } from "../core/facts.ts";
import { listed, measured, ok, refused, share, told, word, type Reply, type Shown } from "../core/reply.ts";
import { duration } from "../core/text.ts";

export const contract: ConsoleCommand = {
  name: "contract",
  usage: "",
  summary: "the contract: what, for how long, held by whom",
  role: "viewer",
  needsAgent: false,
  wordsMax: 0,
  run: (_args, { facts }) => showContract(facts()),
};

export const stage: ConsoleCommand = {
  name: "stage",
  usage: "[NUMBER]",
  summary: "all stages, or all about one",
  role: "viewer",
  needsAgent: false,
  wordsMax: 1,
  run: ({ words }, { facts }) => showStages(facts(), words[0]),
};

export const constraints: ConsoleCommand = {
  name: "constraints",
  usage: "",
  summary: "what the contract allows, and whether that is kept",
  role: "viewer",
  needsAgent: false,
  wordsMax: 0,
  run: (_args, { facts }) => showConstraints(facts()),
};

const NONE = refused("no_contract", "the robot has no contract");

function showContract(facts: ConsoleFacts): Reply {
  const state = newestContract(facts);
  if (!state) return NONE;
  const { contract: whole, live } = facts;
  const lease = live?.leaseRemainingMs;
  const done = state.stages.filter(({ status }) => status === "completed" || status === "skipped").length;
  return ok(
    told({
      contract: word(state.name ?? state.contractId),
      id: word(state.contractId),
      task: word(whole ? `${whole.task.title} (${whole.task.kind})` : state.taskId),
      status: word(state.endReason === undefined ? state.status : `${state.status} (${state.endReason})`),
      revision: {
        text: `${state.revision}, of our own ${state.localRevision}, epoch ${state.epoch}`,
        json: { revision: state.revision, localRevision: state.localRevision, epoch: state.epoch },
      },
      stages: { text: `${done} of ${state.stages.length} done`, json: { done, of: state.stages.length } },
      distance: measured(state.distance, "m", { digits: 1 }),
      lease: leaseOf(isFinal(state.status) ? undefined : lease),
      accepted: word(state.acceptedAt),
      holds: holdsOf(state),
    }),
  );
}

function leaseOf(remainingMs: number | "unknown" | undefined): Shown {
  if (typeof remainingMs !== "number") return word(undefined);
  return measured(remainingMs / 1000, "s", { text: `${duration(remainingMs)} left` });
}

function holdsOf({ holds }: ContractState): Shown {
  if (holds.length === 0) return { text: "none", json: [] };
  return {
    text: holds.map(({ by, reason }) => `${by}: ${reason}`).join("; "),
    json: holds.map(({ by, holdId, reason, at }) => ({ by, holdId, reason, at })),
  };
}

function showStages(facts: ConsoleFacts, number: string | undefined): Reply {
  const state = newestContract(facts);
  if (!state) return NONE;
  if (number === undefined) {
    const at = currentStage(state);
    return ok(
      listed(
        ["n", "stage", "action", "status", "tries", "detail"],
        state.stages.map((known, index) => stageRow(known, index, index === at, facts)),
      ),
    );
  }
  const known = state.stages[Number(number) - 1] ?? state.stages.find(({ stageId }) => stageId === number);
  if (!known) return refused("usage", `no stage ${number}; there are 1 to ${state.stages.length}`);
  return ok(told(stageFacts(known, facts)));
}

function stageRow(
  known: StageState,
  index: number,
  isCurrent: boolean,
  facts: ConsoleFacts,
): Readonly<Record<string, Shown>> {
  return {
    n: { text: `${isCurrent ? ">" : " "}${index + 1}`, json: index + 1 },
    stage: word(known.stageId),
    action: word(known.action),
    status: word(known.status),
    tries: { text: String(known.attempts), json: known.attempts },
    detail: word(stageDetail(known, isCurrent, facts)),
  };
}

function stageDetail({ status, failure }: StageState, isCurrent: boolean, { live }: ConsoleFacts): string {
  const failed = failure !== undefined && status !== "completed" ? failure : "";
  const remaining = isCurrent && status === "started" ? live?.robot.remaining : undefined;
  return remaining === undefined ? failed : `${remaining.toFixed(1)} m to go`;
}

function stageFacts(known: StageState, facts: ConsoleFacts): Readonly<Record<string, Shown>> {
  const planned = facts.contract?.stages.find(({ stageId }) => stageId === known.stageId);
  return {
    stage: word(known.stageId),
    goal: word(planned?.goal),
    action: word(known.action),
    inputs: object(planned?.inputs),
    status: word(known.status),
    tries: { text: String(known.attempts), json: known.attempts },
    started: word(known.startedAt),
    running: runningFor(known, facts.nowMs),
    ended: word(known.endedAt),
    timeout: measured(planned?.timeoutSeconds, "s", { digits: 0 }),
    distance: measured(known.used?.distance, "m"),
    battery: share(known.used?.batteryUsed),
    failure: known.failure === undefined ? { text: "none", json: null } : word(known.failure),
    output: object(known.output),
  };
}

function object(value: Readonly<Record<string, unknown>> | undefined): Shown {
  return value === undefined ? word(undefined) : { text: JSON.stringify(value), json: value };
}

function runningFor({ status, startedMonoMs }: StageState, nowMs: number): Shown {
  if (status !== "started" || startedMonoMs === undefined) return word(undefined);
  const ms = nowMs - startedMonoMs;
  return measured(ms / 1000, "s", { text: duration(ms) });
}

function showConstraints({ contract: whole, live, nowMs }: ConsoleFacts): Reply {
  if (!whole) return NONE;
  const { battery, window, zones, maxSpeed } = whole.constraints;
  const broken = live?.violations ?? [];
  const charge = live?.battery && share(live.battery.charge, nowMs - live.battery.atMs).text;
  const row = (name: string, limit: string | undefined, now: string | undefined, codes: readonly string[]) => {
    const found = broken.find(({ code }) => codes.includes(code));
    const kept = live === undefined ? "?" : (found?.detail ?? "kept");
    return { constraint: word(name), limit: word(limit ?? "none"), now: word(now), state: word(kept) };
  };
  const until =
    window.notAfter ?? (window.maxDurationSeconds === undefined ? undefined : `${window.maxDurationSeconds} s`);
  const inside = live?.robot.zones.join(" ");
  return ok(
    listed(
      ["constraint", "limit", "now", "state"],
      [
        row("battery", `>= ${Math.round(battery.minimum * 100)} %`, charge, ["battery_low", "battery_short"]),
        row("window", until, undefined, ["window_passed", "duration_exceeded", "time_short"]),
        row("zones", zoneRule(zones), inside === "" ? "in none" : inside, ["zone_forbidden"]),
        row("speed", maxSpeed === undefined ? undefined : `<= ${maxSpeed} m/s`, speedOf(live), ["speed_exceeded"]),
      ],
    ),
  );
}

function speedOf(live: ConsoleFacts["live"]): string | undefined {
  return live?.report ? `${live.robot.speed.toFixed(2)} m/s` : undefined;
}

function zoneRule({ allowed, forbidden }: Contract["constraints"]["zones"]): string {
  const parts = [
    ...(allowed ? [`only ${allowed.join(" ")}`] : []),
    ...(forbidden?.length ? [`not ${forbidden.join(" ")}`] : []),
  ];
  return parts.length === 0 ? "any" : parts.join(", ");
}
