import { createHash, randomUUID } from "node:crypto";
import canonicalize from "canonicalize";
import { connectAsync, type MqttClient } from "mqtt";
import { Feed } from "./feed.ts";

type Json = Readonly<Record<string, unknown>>;

/** What the device does with a contract that it receives; a silent one answers no command either. */
export type Temper = "stores" | "refuses" | "stays-silent";

export interface RawDeviceOptions {
  readonly brokerUrl: string;
  readonly deviceId: string;
  readonly temper?: Temper;
}

/**
 * A device made of nothing but an MQTT client and the wire format as it is written down, without a line of the product:
 * what somebody else's test rig would look like. It verifies no signature and drives nothing.
 */
export interface RawDevice extends AsyncDisposable {
  readonly session: string;
  /** Payloads of the JWS documents that arrived, with their header. */
  readonly contracts: Feed<JwsDocument>;
  readonly commands: Feed<JwsDocument>;
  readonly acks: Feed<Json>;
  temper: Temper;
  /** Appends events to the journal and sends them; answers them as they were sent. */
  write(events: readonly RawEvent[]): Promise<readonly Json[]>;
  /** Publishes anything below the device's own root. */
  say(name: string, body: Json | string, retain?: boolean): Promise<void>;
  /** Breaks the connection, so that the broker publishes the will. */
  cut(): void;
}

export interface JwsDocument {
  readonly header: Json;
  readonly payload: Json;
}

export interface RawEvent {
  readonly type: string;
  readonly data: Json;
  readonly contractId?: string;
  readonly stageId?: string;
  readonly revision?: number;
  readonly epoch?: number;
}

const SITE = "default";
const GENESIS = "0".repeat(64);
const BEAT_MS = 5000;

/** Connects, says `online`, and beats every 5 s until it is disposed of. */
export async function connectRawDevice(options: RawDeviceOptions): Promise<RawDevice> {
  const device = new Device(options);
  await device.connect();
  return device;
}

class Device implements RawDevice {
  readonly session = randomUUID();
  readonly contracts = new Feed<JwsDocument>();
  readonly commands = new Feed<JwsDocument>();
  readonly acks = new Feed<Json>();
  temper: Temper;
  readonly #options: RawDeviceOptions;
  readonly #incarnation = randomUUID();
  readonly #bootId = randomUUID();
  #client: MqttClient | undefined;
  #beats: NodeJS.Timeout | undefined;
  #beat = 0;
  #seq = 0;
  #hash = GENESIS;

  constructor(options: RawDeviceOptions) {
    this.#options = options;
    this.temper = options.temper ?? "stores";
  }

  async connect(): Promise<void> {
    const { brokerUrl, deviceId } = this.#options;
    const will = { ...this.#identity(), state: "lost" };
    const client = await connectAsync(brokerUrl, {
      clientId: deviceId,
      protocolVersion: 4,
      clean: true,
      keepalive: 15,
      reconnectPeriod: 0,
      will: { topic: this.#topic("presence"), payload: Buffer.from(JSON.stringify(will)), qos: 1, retain: true },
    });
    this.#client = client;
    client.on("error", ({ message }) => this.acks.fail(message));
    client.on("message", (topic, payload) => this.#take(topic.split("/").at(-1)!, payload.toString()));
    await client.subscribeAsync(
      ["contract", "command", "ack"].map((name) => this.#topic(name)),
      { qos: 1 },
    );
    await this.#sayPresence("online");
    this.#beats = setInterval(() => this.#run(this.#sayPresence("online")), BEAT_MS);
  }

  async write(events: readonly RawEvent[]): Promise<readonly Json[]> {
    const prevHash = this.#hash;
    const written = events.map((event) => this.#stamp(event));
    const { v, deviceId, incarnation, bootId } = this.#identity();
    await this.say("journal", { v, deviceId, incarnation, bootId, prevHash, events: written });
    return written;
  }

  async say(name: string, body: Json | string, retain = false): Promise<void> {
    const payload = typeof body === "string" ? body : JSON.stringify(body);
    await this.#client?.publishAsync(this.#topic(name), payload, { qos: 1, retain });
  }

  cut(): void {
    clearInterval(this.#beats);
    this.#client?.stream.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#beats);
    await this.#client?.endAsync(true);
  }

  #topic(name: string): string {
    return `hf/v1/${SITE}/${this.#options.deviceId}/${name}`;
  }

  #identity(): { v: number; deviceId: string; incarnation: string; bootId: string; session: string } {
    const { deviceId } = this.#options;
    return { v: 1, deviceId, incarnation: this.#incarnation, bootId: this.#bootId, session: this.session };
  }

  #sayPresence(state: "online" | "offline"): Promise<void> {
    const presence = {
      ...this.#identity(),
      state,
      beat: ++this.#beat,
      clock: { state: "synced", errMs: 5 },
      sentAt: new Date().toISOString(),
      journal: { firstSeq: Math.min(1, this.#seq), lastSeq: this.#seq, ackedSeq: 0 },
      active: [],
      gate: "own",
      profile: { kind: "amr", actions: ["navigate", "pick", "place"], software: "a rig" },
    };
    return this.say("presence", presence, true);
  }

  /** Section 3.6, and the chain of section 3.2: SHA-256 over the previous hash and the RFC 8785 bytes of the event. */
  #stamp(event: RawEvent): Json {
    const stamped = {
      seq: ++this.#seq,
      id: uuid7(),
      at: new Date().toISOString(),
      monoMs: Math.round(performance.now()),
      clock: "synced",
      ...event,
    };
    this.#hash = createHash("sha256").update(this.#hash).update(canonicalize(stamped)!).digest("hex");
    return stamped;
  }

  #take(name: string, payload: string): void {
    if (name === "ack") this.acks.add(JSON.parse(payload) as Json);
    if (name === "contract") this.#run(this.#takeContract(decode(payload)));
    if (name === "command") this.#run(this.#takeCommand(decode(payload)));
  }

  /** What a device says without being waited for; a connection that ends meanwhile fails what waits for acks. */
  #run(saying: Promise<void>): void {
    saying.catch((thrown: unknown) => this.acks.fail(String(thrown)));
  }

  async #takeContract(document: JwsDocument): Promise<void> {
    this.contracts.add(document);
    if (this.temper === "stays-silent") return;
    const { contractId, revision, epoch, taskId, name, lease, stages } = document.payload as Contract;
    const inReplyTo = `${contractId}/${revision}`;
    if (this.temper === "refuses") {
      const refusal = {
        reason: "infeasible",
        problems: [{ path: "/stages/0/inputs/to", message: "no way to the rack" }],
      };
      const [event] = await this.write([{ type: "contract.rejected", data: { ...refusal, inReplyTo } }]);
      return this.#reply({ inReplyTo, result: "refused", ...refusal, seq: event!["seq"] });
    }
    const outline = stages.map(({ stageId, action }) => ({ stageId, action }));
    const data = { taskId, name, lease, stages: outline, session: this.session, hash: GENESIS, offline: "finish" };
    const [event] = await this.write([{ type: "contract.accepted", contractId, revision, epoch, data }]);
    await this.#reply({ inReplyTo, result: "stored", seq: event!["seq"] });
  }

  async #takeCommand(document: JwsDocument): Promise<void> {
    this.commands.add(document);
    if (this.temper === "stays-silent") return;
    const { commandId, n, type, contractId, epoch, holdId } = document.payload as Command;
    const about = { contractId, revision: 1, epoch };
    const effect = EFFECTS[type];
    const [event] = await this.write([
      { type: "command.obeyed", data: { commandId, n, command: type } },
      ...(effect ? [{ type: effect, ...about, data: { holdId, by: "cloud", reason: "command" } }] : []),
    ]);
    await this.#reply({ inReplyTo: commandId, result: "done", seq: event!["seq"] });
  }

  async #reply(reply: Json): Promise<void> {
    await this.say("reply", { v: 1, session: this.session, ...reply });
  }
}

type Contract = Json & {
  readonly contractId: string;
  readonly revision: number;
  readonly epoch: number;
  readonly taskId: string;
  readonly name: string;
  readonly lease: Json;
  readonly stages: readonly { readonly stageId: string; readonly action: string }[];
};

type Command = Json & {
  readonly commandId: string;
  readonly n: number;
  readonly type: string;
  readonly contractId: string;
  readonly epoch: number;
  readonly holdId: string;
};

/** The event that shows a command's effect. */
const EFFECTS: Readonly<Record<string, string>> = {
  hold: "contract.held",
  resume: "contract.resumed",
  cancel: "contract.cancelled",
};

/** Header and payload of a compact JWS, believed without a look at the signature. */
function decode(jws: string): JwsDocument {
  const [header, payload] = jws
    .split(".", 2)
    .map((part) => JSON.parse(Buffer.from(part, "base64url").toString()) as Json);
  return { header: header!, payload: payload! };
}

/** RFC 9562, section 5.7. */
function uuid7(): string {
  const time = Date.now().toString(16).padStart(12, "0");
  const random = randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}
