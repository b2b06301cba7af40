import { timestamp } from "#lib/clock";
import { describeLink } from "../../core/link-state.ts";
import type { ConsoleCommand } from "../core/command.ts";
import { contractLine, currentStage, newestContract, stateWord } from "../core/condition.ts";
import type { ConsoleFacts } from "../core/facts.ts";
import { measured, ok, share, told, word, type Shown } from "../core/reply.ts";
import { duration } from "../core/text.ts";

/** Everything that a first look needs. */
export const status: ConsoleCommand = {
  name: "status",
  usage: "",
  summary: "the robot at a glance",
  role: "viewer",
  needsAgent: false,
  wordsMax: 0,
  run: (_args, { facts }) => ok(told(statusOf(facts()))),
};

/** The same for the status page. */
export function statusOf(facts: ConsoleFacts): Readonly<Record<string, Shown>> {
  const { identity, live } = facts;
  return {
    robot: {
      text: `${identity.deviceId}, ${identity.kind} at site ${identity.site}`,
      json: { deviceId: identity.deviceId, kind: identity.kind, site: identity.site },
    },
    state: word(stateWord(facts)),
    contract: contractOf(facts),
    pose: poseOf(facts),
    battery: batteryOf(facts),
    safety: word(live && (live.safety.reason ? `${live.safety.mode}: ${live.safety.reason}` : live.safety.mode)),
    link: word(live && describeLink(live.link, facts.nowMs)),
    buffer: bufferOf(facts),
    clock: {
      text: `${timestamp(facts.wallMs)} ${facts.clock}`,
      json: { at: timestamp(facts.wallMs), state: facts.clock },
    },
    software: softwareOf(facts),
  };
}

function contractOf(facts: ConsoleFacts): Shown {
  const contract = newestContract(facts);
  if (!contract) return { text: "none", json: null };
  const at = currentStage(contract);
  const { contractId, name, status: state, stages, holds } = contract;
  const held = holds.length === 0 ? "" : `; held by ${[...new Set(holds.map(({ by }) => by))].join(", ")}`;
  return {
    text: `${contractLine(contract)}${held}`,
    json: {
      contractId,
      name: name ?? null,
      status: state,
      stage: at === undefined ? null : stages[at]!.stageId,
      stageNumber: at === undefined ? null : at + 1,
      stages: stages.length,
      holds: holds.map(({ by, holdId, reason }) => ({ by, holdId, reason })),
    },
  };
}

/** Where the robot is, or was when an event last said so. */
export function poseOf(facts: ConsoleFacts): Shown {
  const { live, nowMs, wallMs } = facts;
  if (live) {
    const { report, robot } = live;
    if (!report || !robot.pose) return word(undefined);
    return place([robot.pose.x, robot.pose.y, robot.pose.yaw], nowMs - report.atMs, robot.sigmaXy);
  }
  const seen = newestContract(facts)?.lastSeen;
  return seen?.pose ? place(seen.pose, wallMs - Date.parse(seen.at)) : word(undefined);
}

function place([x, y, yaw]: readonly [number, number, number], ageMs: number, sigma?: number): Shown {
  const within = sigma === undefined ? "" : `  +-${sigma.toFixed(2)} m`;
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  return {
    text: `x ${x.toFixed(2)} m  y ${y.toFixed(2)} m  yaw ${yaw.toFixed(2)} rad${within}  ${duration(ageMs)} ago`,
    json: {
      x: round(x),
      y: round(y),
      yaw: round(yaw),
      unit: "m, rad",
      sigmaXy: sigma === undefined ? null : round(sigma),
      ageSeconds: Math.round(ageMs) / 1000,
    },
  };
}

/** Charge, or what an event last said of it. */
export function batteryOf(facts: ConsoleFacts): Shown {
  const { live, nowMs, wallMs } = facts;
  if (live) {
    const { battery } = live;
    if (!battery) return word(undefined);
    const shown = share(battery.charge, nowMs - battery.atMs);
    return battery.isCharging ? { ...shown, text: `${shown.text}, charging` } : shown;
  }
  const seen = newestContract(facts)?.lastSeen;
  return seen?.battery === undefined ? word(undefined) : share(seen.battery, wallMs - Date.parse(seen.at));
}

function bufferOf({ journal, live }: ConsoleFacts): Shown {
  const { lastSeq, ackedSeq } = journal;
  const waiting = lastSeq - ackedSeq;
  const full = live ? `, ${Math.round(live.journalShare * 100)} % full` : "";
  return {
    text: `${waiting} events wait for the cloud, newest ${lastSeq}${full}`,
    json: { waiting, lastSeq, ackedSeq, share: live ? Number(live.journalShare.toFixed(4)) : null },
  };
}

function softwareOf({ identity, live, nowMs }: ConsoleFacts): Shown {
  const upMs = live && nowMs - live.sinceMs;
  const up = measured(upMs, "s");
  return {
    text: `${identity.software}, ${upMs === undefined ? "not running" : `up ${duration(upMs)}`}`,
    json: { version: identity.software, up: up.json === null ? null : { value: Math.round(upMs! / 1000), unit: "s" } },
  };
}
