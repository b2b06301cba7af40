import { parseBoundedJson } from "#lib/bounded-json";
import { repeat, sleep, type Cancel } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Connection, Message } from "#lib/transport";
import { Ack, Presence, type ReplanRequest, type Reply } from "#contract/messages";
import { topicOf, type TopicName } from "#contract/topics";
import type { BeatCounter } from "./beats.ts";
import { liveTelemetry, motionSample } from "../core/live-telemetry.ts";
import type { ReplanQuestion } from "../core/replan-request.ts";
import { isForeign, presenceOf } from "../core/presence.ts";
import { Drain, type DrainProgress } from "../telemetry/drain.ts";
import { HEARD_TOPICS } from "./intake.ts";
import { JournalSender } from "./journal-sender.ts";
import { momentOf } from "./leases.ts";
import type { LinkDeps } from "./link.ts";

const BEAT_MS = 5000;
const LIVE_MS = 1000;
/** What shows the present is worth nothing later. */
const LIVE_EXPIRY_SECONDS = 10;
/** How often at most a foreign presence is answered at once; two devices of one name would else talk without end. */
const CORRECTION_MS = 1000;

/** What a session has of the link that it belongs to. */
interface SessionParts {
  readonly beats: BeatCounter;
  readonly log: Log;
  /** Called with every presence of this device that the broker delivers, whoever published it. */
  readonly heardOfItself: (presence: Presence) => void;
  /** Ends the connection, for another session to be drawn. */
  readonly leave: (reason: string) => void;
}

/** One connection's life: what is said and heard between its CONNECT and its end. */
export class LinkSession {
  readonly id: string;
  readonly #deps: LinkDeps;
  readonly #log: Log;
  readonly #beats: BeatCounter;
  readonly #sender: JournalSender;
  readonly #drain: Drain | undefined;
  readonly #stops: Cancel[] = [];
  #connection: Connection | undefined;
  /** The cloud that was known when this session was drawn. */
  readonly #cloudId: string | undefined;
  readonly #leave: (reason: string) => void;
  #liveBlock = 0;
  #grant: number | undefined;
  #correctedAtMs = -Infinity;
  /** Acks change the journal, so they are applied one after the other. */
  #acks: Promise<void> = Promise.resolve();

  readonly #heardOfItself: (presence: Presence) => void;

  constructor(deps: LinkDeps, id: string, { beats, log, heardOfItself, leave }: SessionParts) {
    this.id = id;
    this.#deps = deps;
    this.#heardOfItself = heardOfItself;
    this.#leave = leave;
    this.#cloudId = deps.journal.meta("cloudId");
    this.#log = log.child({ session: id });
    this.#beats = beats;
    this.#sender = new JournalSender({
      ...deps,
      log: this.#log,
      rng: deps.rng.fork(`resend/${id}`),
      deviceId: deps.device.deviceId,
      publish: (payload) => this.#send("journal", payload),
    });
    this.#drain = deps.telemetry && this.#makeDrain(deps.telemetry);
  }

  /** What the cloud takes of the journal now; undefined while it sets no limit. */
  get grantBytesPerSecond(): number | undefined {
    return this.#grant;
  }

  /** Subscribes and says `online`. Rejects `transport.closed` when the connection ends meanwhile. */
  async open(connection: Connection): Promise<void> {
    this.#connection = connection;
    await connection.subscribe(HEARD_TOPICS.map((name) => this.#topic(name)));
    await connection.publish(this.#presence("online"));
  }

  /** Starts what repeats. */
  begin(): void {
    const { clock, journal } = this.#deps;
    this.#stops.push(
      repeat(clock, BEAT_MS, () => this.#beat()),
      repeat(clock, LIVE_MS, () => this.#sendLive()),
      journal.onAppended(() => this.#sender.wake()),
    );
    this.#sender.wake();
  }

  /** Ends what repeats; nothing is sent afterwards. */
  end(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#sender.end();
    this.#drain?.end();
    this.#connection = undefined;
  }

  /** Sends the journal from the last acknowledged event on, whatever is on its way. */
  flush(): void {
    this.#sender.restart();
  }

  /** Says `online` and resolves whether the broker answered in time. */
  async probe(withinMs: number): Promise<boolean> {
    const answered = this.#publish(this.#presence("online")).then(() => true);
    return Promise.race([answered, sleep(this.#deps.clock, withinMs).then(() => false)]);
  }

  drainProgress(): DrainProgress | undefined {
    return this.#drain?.progress();
  }

  /** The retained farewell; resolves when the broker has it or the connection is gone. */
  async sayOffline(): Promise<void> {
    await this.#publish(this.#presence("offline"));
  }

  /** Asks the cloud for new remaining stages. */
  askForPlan(question: ReplanQuestion): void {
    const request: ReplanRequest = { ...question, session: this.id };
    this.#send("replan-request", JSON.stringify(request));
  }

  onMessage({ topic, payload }: Message): void {
    const name = HEARD_TOPICS.find((heard) => this.#topic(heard) === topic);
    const { inbox, intake } = this.#deps;
    if (name === undefined || !intake.admits(name, payload)) return;
    const conversation = {
      session: this.id,
      reply: (reply: Reply) => this.#send("reply", JSON.stringify(reply)),
      sync: () => this.#sender.restart(),
    };
    switch (name) {
      case "presence":
        return this.#onPresence(payload);
      case "ack":
        return this.#onAck(payload);
      case "contract":
        return void inbox.receiveContract(payload, conversation);
      case "command":
        return void inbox.receiveCommand(payload, conversation);
    }
  }

  #beat(): void {
    void this.#publish(this.#presence("online"));
    this.#sender.wake();
  }

  #sendLive(): void {
    const { clock, device, live, liveChannels } = this.#deps;
    const values = live();
    if (!values) return;
    const samples = [motionSample(values), ...(liveChannels?.() ?? [])];
    for (const [qos, group] of Map.groupBy(samples, (sample) => sample.qos)) {
      const source = { deviceId: device.deviceId, session: this.id, block: this.#liveBlock++ };
      const payload = JSON.stringify(liveTelemetry(group, momentOf(clock), source));
      const expirySeconds = LIVE_EXPIRY_SECONDS;
      void this.#publish({ topic: this.#topic("telemetry"), payload, qos, retain: false, expirySeconds });
    }
  }

  #onPresence(payload: string): void {
    const retained = Presence.safeParse(parseBoundedJson(payload, payload.length));
    if (retained.success) this.#heardOfItself(retained.data);
    if (retained.success && !isForeign(retained.data, this.id)) return;
    const nowMs = this.#deps.clock.nowMs();
    if (nowMs - this.#correctedAtMs < CORRECTION_MS) return;
    this.#correctedAtMs = nowMs;
    this.#log.info({ retained: retained.data?.state }, "retained presence is not ours and is replaced");
    void this.#publish(this.#presence("online"));
  }

  #onAck(payload: string): void {
    const ack = Ack.safeParse(parseBoundedJson(payload, payload.length));
    if (!ack.success) return this.#log.warn({ payload: payload.slice(0, 200) }, "ack is not understood and dropped");
    this.#deps.leases.renew(ack.data.leases, (beat) => this.#beats.sentAt(beat));
    this.#drain?.acked(ack.data).catch((thrown: unknown) => {
      this.#log.warn({ err: thrown }, "acknowledgement of telemetry is not stored, its blocks are sent again");
    });
    this.#acks = this.#acks
      .then(() => this.#applyAck(ack.data))
      .catch((thrown: unknown) => this.#log.warn({ err: thrown }, "ack is not stored, its events are sent again"));
  }

  /** Wire format, section 3.3. */
  async #applyAck(ack: Ack): Promise<void> {
    const { journal } = this.#deps;
    const isOfThisJournal = ack.incarnation === journal.incarnation();
    const { lastSeq } = journal.range();
    if (isOfThisJournal && (ack.fork === true || ack.journalSeq > lastSeq)) {
      this.#log.warn({ journalSeq: ack.journalSeq, lastSeq }, "cloud knows another history of this journal");
      await journal.fork();
      await this.#followCloud(ack.cloudId, 0);
      return this.#sender.restart();
    }
    const committedSeq = isOfThisJournal ? ack.journalSeq : 0;
    if (await this.#followCloud(ack.cloudId, committedSeq)) return this.#sender.restart();
    if (!isOfThisJournal) return;
    await journal.acknowledge(ack.journalSeq);
    this.#grant = ack.grantBytesPerSecond;
    this.#sender.acked(ack.journalSeq, ack.grantBytesPerSecond);
  }

  /** Whether this is another cloud than the one that acknowledged before; then everything it lacks is sent again. */
  async #followCloud(cloudId: string, committedSeq: number): Promise<boolean> {
    const { journal } = this.#deps;
    const known = journal.meta("cloudId");
    if (known === cloudId) return false;
    this.#log.info({ before: known, cloudId }, "another cloud acknowledges");
    await journal.startOver(cloudId, committedSeq);
    // What a lost cloud has sent may still be on its way, and is for this session only.
    if (known !== undefined) this.#leave("the cloud is another one");
    return true;
  }

  #presence(state: "online" | "offline"): Message {
    const { clock, journal, device, sha256 } = this.#deps;
    const moment = momentOf(clock);
    const identity = { incarnation: journal.incarnation(), bootId: clock.bootId, session: this.id };
    const presence = presenceOf(
      device,
      identity,
      {
        state,
        beat: this.#beats.next(moment),
        clock: moment.clock,
        wallMs: moment.wallMs,
        range: journal.range(),
        device: journal.state(),
        cloudId: this.#cloudId,
      },
      sha256,
    );
    return { topic: this.#topic("presence"), payload: JSON.stringify(presence), qos: 1, retain: true };
  }

  #makeDrain({ store, limits }: NonNullable<LinkDeps["telemetry"]>): Drain {
    const { clock, rng, device } = this.#deps;
    return new Drain({
      store,
      limits,
      clock,
      rng: rng.fork(`drain/${this.id}`),
      log: this.#log,
      deviceId: device.deviceId,
      isJournalWaiting: () => this.#sender.hasUnsent(),
      publish: async (payload) => {
        if (!this.#connection) throw new AgentError("transport.closed", "the connection has ended");
        await this.#connection.publish({ topic: this.#topic("telemetry"), payload, qos: 1, retain: false });
      },
    });
  }

  #send(name: TopicName, payload: string): void {
    void this.#publish({ topic: this.#topic(name), payload, qos: 1, retain: false });
  }

  /** Nothing relies on the broker's answer: what was lost with the connection is sent again in the next session. */
  async #publish(message: Message): Promise<void> {
    try {
      await this.#connection?.publish(message);
    } catch (thrown) {
      this.#log.debug({ err: thrown, topic: message.topic }, "message ended with its connection");
    }
  }

  #topic(name: TopicName): string {
    return topicOf(this.#deps.device.site, this.#deps.device.deviceId, name);
  }
}
