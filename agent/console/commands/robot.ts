import { timestamp } from "#lib/clock";
import type { Health } from "#drivers/driver";
import { describeLink } from "../../core/link-state.ts";
import type { ConsoleCommand } from "../core/command.ts";
import type { ConsoleFacts, LiveFacts } from "../core/facts.ts";
import { listed, measured, ok, refused, share, told, word, type Reply, type Shown, type Told } from "../core/reply.ts";
import { bytes, duration } from "../core/text.ts";
import { batteryOf, poseOf } from "./status.ts";

type View = Pick<ConsoleCommand, "name" | "summary"> & {
  readonly show: (live: LiveFacts, facts: ConsoleFacts, words: readonly string[]) => Reply | Told;
  readonly usage?: string;
};

/** A command that shows what only a running agent knows. */
function view({ name, summary, usage = "", show }: View): ConsoleCommand {
  return {
    name,
    usage,
    summary,
    role: "viewer",
    needsAgent: true,
    wordsMax: usage === "" ? 0 : 1,
    run({ words }, { facts }) {
      const seen = facts();
      const shown = show(seen.live!, seen, words);
      return "kind" in shown ? shown : ok(shown);
    },
  };
}

/** Where the robot is, and what it does there. */
export const pose = view({
  name: "pose",
  summary: "where the robot is and how it moves",
  show: ({ report, robot }, facts) => {
    const { drive, gate } = report ?? {};
    const ageMs = report && facts.nowMs - report.atMs;
    return told({
      pose: poseOf(facts),
      speed: measured(report && robot.speed, "m/s", { ageMs }),
      zones: { text: robot.zones.join(" ") || "none", json: robot.zones },
      drive: word(
        drive && (drive.state === "driving" ? `driving, ${drive.remaining.toFixed(1)} m to go` : drive.state),
      ),
      gate: word(gate && (gate.action === "pass" ? "pass" : `${gate.action}: ${gate.reason}`)),
      nearest: measured(report?.scan?.nearest, "m", { ageMs }),
      driven: measured(report?.driven, "m", { digits: 1, ageMs }),
    });
  },
});

export const battery = view({
  name: "battery",
  summary: "charge, and whether it charges",
  show: ({ battery: sample, drivers }, facts) =>
    told({
      charge: batteryOf(facts),
      charging: { text: sample ? (sample.isCharging ? "yes" : "no") : "?", json: sample?.isCharging ?? null },
      minimum: share(facts.contract?.constraints.battery.minimum),
      driver: healthOf(drivers["battery"]),
    }),
});

export const drivers = view({
  name: "drivers",
  usage: "[NAME]",
  summary: "the devices and how they are",
  show({ drivers: all }, { nowMs }, [name]) {
    if (name === undefined) {
      const rows = Object.entries(all).map(([driver, health]) => ({
        driver: word(driver),
        state: word(health.state),
        last: ageOf(health, nowMs),
        errors: { text: String(health.errors), json: health.errors },
        reason: { text: health.reason ?? "", json: health.reason ?? null },
      }));
      return listed(["driver", "state", "last", "errors", "reason"], rows);
    }
    const health = Object.hasOwn(all, name) ? all[name] : undefined;
    if (!health) return refused("usage", `no driver ${name}; there are ${Object.keys(all).join(", ")}`);
    const counters = Object.entries(health.counters ?? {}).map(([counter, count]) => [
      counter,
      { text: String(count), json: count },
    ]);
    return told({
      driver: word(name),
      state: word(health.state),
      reason: { text: health.reason ?? "none", json: health.reason ?? null },
      last: ageOf(health, nowMs),
      errors: { text: String(health.errors), json: health.errors },
      ...(Object.fromEntries(counters) as Record<string, Shown>),
    });
  },
});

export const link = view({
  name: "link",
  summary: "the connection to the cloud",
  show: ({ link: state, feeds }, { nowMs }) => {
    const base = { link: word(describeLink(state, nowMs)), state: word(state.kind) };
    const feeding = feeds.map((feed) => `${feed.name} ${feed.state.kind}`).join(", ");
    const also = {
      feeds: { text: feeding || "none", json: feeds.map(({ name, state: { kind } }) => ({ name, kind })) },
    };
    switch (state.kind) {
      case "online":
        return told({
          ...base,
          session: word(state.session),
          since: measured((nowMs - state.sinceMs) / 1000, "s", { text: duration(nowMs - state.sinceMs) }),
          route: word(state.route),
          ...also,
        });
      case "connecting":
      case "offline":
        return told({
          ...base,
          attempts: { text: String(state.attempt), json: state.attempt },
          trouble: word(state.trouble?.code),
          reason: word(state.trouble?.reason),
          ...also,
        });
      case "stopped":
        return told({ ...base, ...also });
    }
  },
});

export const safety = view({
  name: "safety",
  summary: "whether the robot may move and, if not, why",
  show: ({ safety: { mode, faults }, report }, { nowMs }) => {
    const found = faults.map(({ part, effect, reason }) => `${part}: ${reason} (${effect})`);
    const estop = faults.find(({ part }) => part === "estop");
    return told({
      mode: word(mode),
      estop: { text: estop ? `pressed: ${estop.reason}` : "not pressed", json: estop !== undefined },
      faults: { text: found.join("; ") || "none", json: faults },
      gate: word(report && (report.gate.action === "pass" ? "pass" : `${report.gate.action}: ${report.gate.reason}`)),
      gateStops: { text: String(report?.counters.gateStops ?? "?"), json: report?.counters.gateStops ?? null },
      loop: measured(report && nowMs - report.atMs, "ms", {
        digits: 0,
        ...(report && { text: `${Math.round(nowMs - report.atMs)} ms since its last report` }),
      }),
      lateness: measured(report?.counters.latenessMsP99, "ms", { digits: 1 }),
    });
  },
});

export const buffer: ConsoleCommand = {
  name: "buffer",
  usage: "[flush]",
  summary: "what waits for the cloud; flush sends it now",
  role: "viewer",
  needsAgent: true,
  wordsMax: 1,
  actions: { flush: "technician" },
  run: ({ words }, { facts, technician }) => {
    if (words[0] === undefined) return ok(bufferOf(facts()));
    if (words[0] !== "flush") return refused("usage", "buffer, or buffer flush");
    return technician!.flush()
      ? ok({ lines: ["the journal is being sent up to its end"], records: [{ flushing: true }] })
      : refused("offline", "there is no link to send through; link says why");
  },
};

function bufferOf({ journal, live }: ConsoleFacts): Told {
  const { firstSeq, lastSeq, ackedSeq } = journal;
  const lanes = live!.telemetry?.fill?.lanes ?? [];
  return told({
    journal: { text: `events ${firstSeq} to ${lastSeq}, acknowledged to ${ackedSeq}`, json: journal },
    waiting: { text: `${lastSeq - ackedSeq} events`, json: { value: lastSeq - ackedSeq, unit: "events" } },
    full: share(live!.journalShare),
    ...Object.fromEntries(
      lanes.map((lane) => [
        lane.lane,
        {
          text: `${lane.waiting} of ${lane.blocks} blocks wait, ${bytes(lane.bytes)} of ${bytes(lane.budgetBytes)}`,
          json: lane,
        },
      ]),
    ),
  });
}

export const time: ConsoleCommand = {
  name: "time",
  usage: "[set RFC3339]",
  summary: "the clocks; set takes the role admin",
  role: "viewer",
  needsAgent: false,
  wordsMax: 2,
  actions: { set: "admin" },
  run({ words: [what, at] }, { facts, host }) {
    if (what === undefined) return ok(clocksOf(facts()));
    const wallMs = Date.parse(at ?? "");
    if (what !== "set" || Number.isNaN(wallMs)) return refused("usage", "time, or time set 2026-01-31T09:30:00Z");
    return setTime(wallMs, (ms) => host.setTime(ms));
  },
};

async function setTime(wallMs: number, set: (wallMs: number) => Promise<string | undefined>): Promise<Reply> {
  const why = await set(wallMs);
  if (why !== undefined) return refused("failed", why);
  return ok({ lines: [`the clock is set to ${timestamp(wallMs)}`], records: [{ at: timestamp(wallMs) }] });
}

function clocksOf({ wallMs, nowMs, clock, live }: ConsoleFacts): Told {
  return told({
    wall: word(timestamp(wallMs)),
    state: word(clock),
    boot: measured(nowMs / 1000, "s", { text: `${duration(nowMs)} since the machine started` }),
    agent: measured(live && (nowMs - live.sinceMs) / 1000, "s", {
      ...(live && { text: `${duration(nowMs - live.sinceMs)} since the agent started` }),
    }),
  });
}

function healthOf(health: Health | undefined): Shown {
  if (!health) return word(undefined);
  return word(health.reason === undefined ? health.state : `${health.state}: ${health.reason}`);
}

function ageOf({ lastSampleMs }: Health, nowMs: number): Shown {
  if (lastSampleMs === undefined) return word(undefined);
  const ageMs = nowMs - lastSampleMs;
  return measured(ageMs / 1000, "s", { text: `${duration(ageMs)} ago` });
}
