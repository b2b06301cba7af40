import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import type { Connection, ConnectOptions, Message } from "#lib/transport";
import { VirtualClock } from "#lib/virtual-clock";
import { createNetwork, type Network } from "./network.ts";

/** What a client hears, with the time at which it hears it. */
export interface Client {
  readonly connection: Connection;
  readonly heard: { readonly atMs: number; readonly message: Message }[];
  readonly closed: { readonly atMs: number; readonly reason: string }[];
}

/** A simulated network on a virtual clock; `open` connects a client and lets one second pass. */
export interface World {
  readonly clock: VirtualClock;
  readonly network: Network;
  open(name: string, options?: Partial<ConnectOptions>): Promise<Client>;
}

/** The world of a seed. */
export function makeWorld(seed = 1): World {
  const clock = new VirtualClock();
  const network = createNetwork({ clock, rng: createRng(seed), log: silentLog });
  async function open(name: string, options: Partial<ConnectOptions> = {}): Promise<Client> {
    const heard: Client["heard"] = [];
    const closed: Client["closed"] = [];
    const connecting = network.transport(name).connect(
      { clientId: name, keepAliveSeconds: 10, ...options },
      {
        onMessage: (received) => heard.push({ atMs: clock.nowMs(), message: received }),
        onClose: (reason) => closed.push({ atMs: clock.nowMs(), reason }),
      },
    );
    await clock.advance(1000);
    return { connection: await connecting, heard, closed };
  }
  return { clock, network, open };
}

/** A QoS-1 message unless `more` says otherwise. */
export function message(topic: string, payload = "x", more: Partial<Message> = {}): Message {
  return { topic, payload, qos: 1, retain: false, ...more };
}

/** The payloads that a client has heard, in order. */
export function payloads(client: Client): string[] {
  return client.heard.map((entry) => entry.message.payload);
}

/** Keeps a promise's outcome at hand without waiting for it. */
export function watch(promise: Promise<void>): { outcome: string } {
  const watched = { outcome: "pending" };
  promise.then(
    () => (watched.outcome = "resolved"),
    (error: { code: string }) => (watched.outcome = error.code),
  );
  return watched;
}

/** A connection attempt whose connection nobody uses. */
export async function connectOnce(
  world: World,
  options: ConnectOptions,
  transport = world.network.transport(options.clientId),
): Promise<void> {
  await transport.connect(options, { onMessage: () => undefined, onClose: () => undefined });
}

/** A listener on everything and a sender, both connected and subscribed. */
export async function makePair(world: World): Promise<{ listener: Client; sender: Client }> {
  const listener = await world.open("cloud");
  void listener.connection.subscribe(["#"]);
  const sender = await world.open("amr");
  return { listener, sender };
}
