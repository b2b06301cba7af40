import type { Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import type { Transport } from "#lib/transport";
import { SimulatedBroker } from "./broker.ts";
import { openClient } from "./client.ts";
import { startImpostor } from "./impostor.ts";
import { Link, type LinkFaults, type Way } from "./link.ts";
import type { BrokerPacket, ClientPacket } from "./packet.ts";
import { SimulatedSocket } from "./socket.ts";

/** A broker and the links to its clients; a client's name is its place in the network, whatever client identifier it uses. */
export interface Network {
  /** The network as seen from the process that now runs at `clientName`; after its end the next one needs its own. */
  transport(clientName: string): Transport;
  /** Changes the link of `clientName` from now on; what is left out stays. A new link is healthy. */
  setLink(clientName: string, faults: Partial<LinkFaults>): void;
  /** Nothing passes (that way, if one is named) until `heal`; each end notices in its own time. What was under way may or may not have arrived. */
  partition(clientName: string, only?: Way): void;
  heal(clientName: string): void;
  /** Its process is killed: what was sent still goes out, the broker sees the connections end, nobody is left to hear of it. */
  killProcess(clientName: string): void;
  /** Its machine loses power: the broker is told nothing and has to notice by itself. */
  cutPower(clientName: string): void;
  /** Messages that each client and the broker have sent each other. */
  traffic(): ReadonlyMap<string, number>;
  /** The broker dies and forgets everything, retained messages only if told; connections to it are refused for `downMs` (1 s unless given). */
  restartBroker(downMs?: number, retained?: "forgotten" | "kept"): void;
  /** Somebody connects with the client identifier of `clientName`, and again whenever pushed out, until `end`. */
  impersonate(clientName: string): { end(): void };
  /** Whatever lies between forgets the connections of `clientName`; new ones are made as ever. */
  forgetConnections(clientName: string): void;
}

export interface NetworkDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
}

/** A network whose every delay, loss and duplicate comes from `rng` and whose every delivery comes from `clock`. */
export function createNetwork({ clock, rng, log }: NetworkDeps): Network {
  const broker = new SimulatedBroker(clock, log.child({ module: "network" }));
  const links = new Map<string, Link>();
  const processes = new Map<string, Process>();
  const clientIds = new Map<string, string>();

  function linkOf(clientName: string): Link {
    return computeIfAbsent(links, clientName, () => new Link(clock, rng.fork(`link/${clientName}`)));
  }
  function transport(clientName: string): Transport {
    const link = linkOf(clientName);
    const process = computeIfAbsent(processes, clientName, () => new Process(clock));
    return {
      connect(options, handlers) {
        clientIds.set(clientName, options.clientId);
        const [near, far] = SimulatedSocket.pair<ClientPacket, BrokerPacket>(clock, link);
        process.own(near);
        broker.serve(far, link);
        return openClient(process.clock, near, options, handlers);
      },
    };
  }
  function end(clientName: string, how: "close" | "silence"): void {
    processes.get(clientName)?.end(how);
    processes.delete(clientName);
  }
  return {
    transport,
    setLink: (clientName, faults) => linkOf(clientName).set(faults),
    partition: (clientName, only) => linkOf(clientName).partition(only),
    heal: (clientName) => linkOf(clientName).heal(),
    killProcess: (clientName) => end(clientName, "close"),
    cutPower: (clientName) => end(clientName, "silence"),
    traffic: () => new Map([...links].map(([name, link]) => [name, link.passed])),
    restartBroker: (downMs = BROKER_DOWN_MS, retained = "forgotten") => broker.restart(downMs, retained),
    impersonate: (clientName) =>
      startImpostor(clock, transport(`impostor of ${clientName}`), () => clientIds.get(clientName)),
    forgetConnections: (clientName) => processes.get(clientName)?.forgetConnections(),
  };
}

const BROKER_DOWN_MS = 1000;

type ClientSocket = SimulatedSocket<ClientPacket, BrokerPacket>;

/** One life of a client: its sockets, and a clock whose timers die with it. */
class Process {
  readonly clock: Clock;
  readonly #sockets = new Set<ClientSocket>();
  #state: "alive" | "dead" = "alive";

  constructor(clock: Clock) {
    this.clock = {
      bootId: clock.bootId,
      nowMs: () => clock.nowMs(),
      wallMs: () => clock.wallMs(),
      state: () => clock.state(),
      after: (delayMs, run) => clock.after(delayMs, () => this.#state === "alive" && run()),
    };
  }

  own(socket: ClientSocket): void {
    if (this.#state === "dead") socket.silence();
    this.#sockets.add(socket);
  }

  forgetConnections(): void {
    for (const socket of this.#sockets) socket.forget();
  }

  end(how: "close" | "silence"): void {
    this.#state = "dead";
    for (const socket of this.#sockets) socket[how]();
  }
}

function computeIfAbsent<Key, Value>(map: Map<Key, Value>, key: Key, compute: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = compute();
  map.set(key, made);
  return made;
}
