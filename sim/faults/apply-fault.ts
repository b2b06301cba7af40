import { HEALTHY_DISK, type DiskFaults } from "../storage/disk.ts";
import { DATABASE } from "../simulated-agent.ts";
import type { Fault } from "./fault.ts";
import type { Interventions, VirtualInterventions } from "./interventions.ts";

/** Begins a fault and returns what ends it, if anything does. */
export function applyFault(fault: Fault, act: Interventions): (() => void) | undefined {
  const apply = APPLY[fault.do] as Apply<Fault["do"]>;
  return apply(fault, act) ?? undefined;
}

type FaultOf<Name extends Fault["do"]> = Extract<Fault, { do: Name }>;
type Apply<Name extends Fault["do"]> = (fault: FaultOf<Name>, act: Interventions) => (() => void) | void;

const APPLY: { readonly [Name in Fault["do"]]: Apply<Name> } = {
  "kill-agent": ({ device }, act) => {
    act.note(device, "the agent's process is killed");
    act.killAgent(device);
    return () => act.startAgent(device);
  },
  "power-cut": ({ device }, act) => {
    const { agent } = act.virtual("a power cut");
    act.note(device, "the computer loses its power");
    agent(device).cutPower();
    return () => act.startAgent(device);
  },
  "kill-cloud": (_fault, act) => {
    act.note("cloud", "its process is killed");
    act.killCloud();
    return () => act.startCloud();
  },
  "slow-cloud": ({ delay }, act) => {
    const { cloud } = act.virtual("a slow cloud");
    act.note("cloud", "its database becomes slow");
    cloud.slow(delay);
    return () => cloud.slow(undefined);
  },
  "backup-cloud": (_fault, act) => {
    act.virtual("a copy of the cloud's database").cloud.backUp();
    act.note("cloud", "a copy of its database is put away");
  },
  "restore-cloud": (_fault, act) => {
    const { cloud } = act.virtual("a restored cloud");
    act.note("cloud", "its database is replaced by the newest copy");
    act.killCloud();
    cloud.restore();
    return () => act.startCloud();
  },
  "clock-step": ({ device, by }, act) => {
    const { agent, stepClock } = act.virtual("a clock step");
    if (device === undefined) stepClock(by * 1000);
    else agent(device).clock.stepWall(by * 1000);
  },
  "disk-full": (fault, act) => {
    const space = fault.overwrites === "fail" ? "full-for-all" : "full";
    return disk(fault.device, { space }, "the disk is full", act);
  },
  "disk-read-only": ({ device }, act) => disk(device, { access: "read-only" }, "the disk has become read-only", act),
  "disk-slow": ({ device, delay }, act) => disk(device, { syncMs: delay }, "the disk has become slow", act),
  "disk-errors": ({ device, share }, act) => disk(device, { errors: share }, "the disk begins to fail", act),
  "disk-corrupt": ({ device, bits, file }, act) => {
    const { agent } = act.virtual("a damaged disk");
    act.note(device, `${bits} bits of its ${file} flip, and the agent's process is killed`);
    act.killAgent(device);
    agent(device).disk.flipBits(file === "wal" ? `${DATABASE}-wal` : DATABASE, bits);
    return () => act.startAgent(device);
  },
  "wal-lost": ({ device }, act) => {
    const { agent } = act.virtual("a lost write-ahead log");
    act.note(device, "the agent's process is killed, and its write-ahead log is gone");
    act.killAgent(device);
    agent(device).disk.remove(`${DATABASE}-wal`);
    return () => act.startAgent(device);
  },
  "broker-restart": (fault, act) => {
    const { network } = act.virtual("a broker restart");
    act.note("cloud", "the broker dies and starts again");
    network.restartBroker(fault.for, fault.retained);
  },
  "session-takeover": ({ device }, act) => {
    act.note(device, "somebody else connects with its client identifier");
    impersonate(device, act).end();
  },
  "duplicate-client": ({ device }, act) => {
    act.note(device, "somebody else uses its client identifier");
    const impostor = impersonate(device, act);
    return () => impostor.end();
  },
  "half-open": ({ device }, act) => {
    const { network } = act.virtual("a half-open connection");
    act.note(device, "its connection leads nowhere");
    network.forgetConnections(device);
  },
  hold: ({ contract }, act) => act.command(contract, "hold"),
  resume: ({ contract }, act) => act.command(contract, "resume"),
  cancel: ({ contract }, act) => act.command(contract, "cancel"),
  "driver-fault": ({ device, driver, for: forMs }, act) =>
    act.worldFault({ do: "driver-fault", device, driver, ...(forMs === undefined ? {} : { forMs }) }),
  "sensor-noise": ({ device, driver, by: factor, for: forMs }, act) =>
    act.worldFault({ do: "sensor-noise", device, driver, factor, ...(forMs === undefined ? {} : { forMs }) }),
  "sensor-freeze": ({ device, driver, for: forMs }, act) =>
    act.worldFault({ do: "sensor-freeze", device, driver, ...(forMs === undefined ? {} : { forMs }) }),
  "wheel-slip": ({ device, by: share, for: forMs }, act) =>
    act.worldFault({ do: "wheel-slip", device, share, ...(forMs === undefined ? {} : { forMs }) }),
  "actuator-stuck": ({ device, axis, for: forMs }, act) =>
    act.worldFault({ do: "actuator-stuck", device, axis, ...(forMs === undefined ? {} : { forMs }) }),
  "hand-fault": ({ device, action, times }, act) => act.worldFault({ do: "hand-fault", device, action, times }),
  "hand-forgets": ({ device }, act) => act.worldFault({ do: "hand-forgets", device }),
  "conveyor-jam": ({ site, times }, act) => act.worldFault({ do: "conveyor-jam", site, times }),
  battery: ({ device, by }, act) => act.worldFault({ do: "battery", device, charge: by }),
  kidnap: ({ device, to }, act) => act.worldFault({ do: "kidnap", device, to }),
};

/** Puts the disk of a robot into trouble; what ends it ends this trouble only. */
function disk(device: string, faults: Partial<DiskFaults>, what: string, act: Interventions): () => void {
  const { disk: own } = act.virtual("a disk in trouble").agent(device);
  act.note(device, what);
  own.set(faults);
  return () => {
    const ended = Object.keys(faults).map((name) => [name, HEALTHY_DISK[name as keyof DiskFaults]]);
    own.set(Object.fromEntries(ended) as Partial<DiskFaults>);
    act.note(device, "the disk is well again");
  };
}

type Impostor = ReturnType<VirtualInterventions["network"]["impersonate"]>;

function impersonate(device: string, act: Interventions): Impostor {
  return act.virtual("a second client").network.impersonate(device);
}
