import { createActor, type ActorRefFrom } from "xstate";
import { backoff } from "#lib/backoff";
import { asXStateClock, sleep, type Clock } from "#lib/clock";
import { messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import type { Connection, ConnectOptions, Transport } from "#lib/transport";
import type { Sha256 } from "#contract/crypto";
import { topicOf } from "#contract/topics";
import type { LiveValues } from "../core/live-telemetry.ts";
import { linkMachine } from "../core/link-machine.ts";
import type { NewEvent, LinkStatus, Replanner } from "../core/ports.ts";
import type { ReplanQuestion } from "../core/replan-request.ts";
import { willOf, type DeviceDescription, type SessionIdentity } from "../core/presence.ts";
import type { Inbox } from "./inbox.ts";
import type { JournalPart } from "../journal/journal.ts";
import type { DrainLimits, DrainProgress } from "../telemetry/drain.ts";
import type { TelemetryStore } from "../telemetry/store.ts";
import type { Leases } from "./leases.ts";
import { BeatCounter } from "./beats.ts";
import { LinkSession } from "./link-session.ts";

export interface LinkDeps {
  readonly journal: JournalPart;
  readonly leases: Leases;
  readonly inbox: Inbox;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly uuid: () => string;
  readonly sha256: Sha256;
  readonly log: Log;
  readonly device: DeviceDescription;
  /** For the broker; the user name is the `deviceId` unless given. */
  readonly credentials?: { readonly username?: string; readonly password?: string };
  /** The newest values for the live lane, or undefined while there are none. */
  readonly live: () => LiveValues | undefined;
  /** What is stored beside the journal, and how it may be sent. */
  readonly telemetry?: { readonly store: TelemetryStore; readonly limits: DrainLimits };
}

export interface Link extends LinkStatus, Replanner, AsyncDisposable {
  /** Of the connection that is up, or undefined. */
  session(): string | undefined;
  /** How far the stored telemetry is sent on this connection; undefined while there is none. */
  drainProgress(): DrainProgress | undefined;
}

const KEEP_ALIVE_SECONDS = 15;
const RETRY = { baseMs: 1000, capMs: 30_000 };
/** A connection that held this long was a good one: the next failure starts the back-off anew. */
const STABLE_MS = 60_000;
/** How long a graceful end waits for the broker. */
const FAREWELL_MS = 2000;

/** Connects, and keeps connecting, until it is disposed of; then it says `offline` and leaves without its will. */
export function startLink(deps: LinkDeps): Link {
  return new CloudLink(deps);
}

class CloudLink implements Link {
  readonly #deps: LinkDeps;
  readonly #log: Log;
  readonly #beats: BeatCounter;
  readonly #actor: ActorRefFrom<typeof linkMachine>;
  readonly #rng: Rng;
  #retries: Generator<number, never>;
  #connecting: Promise<void> = Promise.resolve();
  #current: { readonly session: LinkSession; readonly connection: Connection; readonly sinceMs: number } | undefined;

  constructor(deps: LinkDeps) {
    this.#deps = deps;
    this.#log = deps.log.child({ module: "link" });
    this.#beats = new BeatCounter(Number(deps.journal.meta("starts") ?? 0));
    this.#rng = deps.rng.fork("link-retry");
    this.#retries = backoff(RETRY, this.#rng);
    this.#actor = createActor(linkMachine, { clock: asXStateClock(deps.clock) });
    let seen = 0;
    this.#actor.subscribe(({ value, context }) => {
      if (value !== "connecting" || context.attempt === seen) return;
      seen = context.attempt;
      this.#connecting = this.#connect(context.attempt);
    });
    this.#actor.start();
  }

  isOnline(): boolean {
    return this.#actor.getSnapshot().matches("online");
  }

  grantBytesPerSecond(): number | undefined {
    return this.#current?.session.grantBytesPerSecond;
  }

  session(): string | undefined {
    return this.#current?.session.id;
  }

  drainProgress(): DrainProgress | undefined {
    return this.#current?.session.drainProgress();
  }

  revisePlan(question: ReplanQuestion): void {
    this.#current?.session.askForPlan(question);
  }

  leaseRemainingMs(contractId: string): number | "unknown" {
    return this.#deps.leases.remainingMs(contractId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#actor.getSnapshot().status !== "active") return;
    this.#actor.send({ type: "stop" });
    const current = this.#current;
    this.#current = undefined;
    const farewell = current?.session.sayOffline() ?? this.#connecting;
    current?.session.end();
    await Promise.race([farewell, sleep(this.#deps.clock, FAREWELL_MS)]);
    await current?.connection.close();
  }

  async #connect(attempt: number): Promise<void> {
    const { transport, journal, clock, uuid } = this.#deps;
    const identity = { incarnation: journal.incarnation(), bootId: clock.bootId, session: uuid() };
    const session = new LinkSession(this.#deps, identity.session, this.#beats, this.#log);
    let connection: Connection | undefined;
    try {
      connection = await transport.connect(this.#connectOptions(identity), {
        onMessage: (message) => session.onMessage(message),
        onClose: (reason) => this.#onLost(attempt, session, reason),
      });
      await session.open(connection);
      if (this.#actor.getSnapshot().status === "active") this.#actor.send({ type: "opened", attempt });
    } catch (thrown) {
      this.#onLost(attempt, session, messageOf(thrown));
    }
    if (connection && this.#isOnline(attempt)) return this.#begin(session, connection);
    // Refused, stopped, or closed again while it was being opened.
    session.end();
    await connection?.close();
  }

  #isOnline(attempt: number): boolean {
    const snapshot = this.#actor.getSnapshot();
    return snapshot.matches("online") && snapshot.context.attempt === attempt;
  }

  #connectOptions(identity: SessionIdentity): ConnectOptions {
    const { device, credentials } = this.#deps;
    const { site, deviceId } = device;
    const will = JSON.stringify(willOf(deviceId, identity));
    return {
      clientId: `hf-${site}-${deviceId}`,
      username: credentials?.username ?? deviceId,
      ...(credentials?.password === undefined ? {} : { password: credentials.password }),
      will: { topic: topicOf(site, deviceId, "presence"), payload: will, qos: 1, retain: true },
      keepAliveSeconds: KEEP_ALIVE_SECONDS,
    };
  }

  #begin(session: LinkSession, connection: Connection): void {
    this.#current = { session, connection, sinceMs: this.#deps.clock.nowMs() };
    this.#log.info({ session: session.id }, "link is online");
    session.begin();
    this.#note({ type: "link.changed", data: { state: "online", session: session.id } });
  }

  #onLost(attempt: number, session: LinkSession, reason: string): void {
    session.end();
    const { context, value } = this.#actor.getSnapshot();
    if (attempt !== context.attempt || (value !== "connecting" && value !== "online")) return;
    const lost = this.#current;
    this.#current = undefined;
    const isStable = lost !== undefined && this.#deps.clock.nowMs() - lost.sinceMs >= STABLE_MS;
    if (isStable) this.#retries = backoff(RETRY, this.#rng);
    const retryInMs = this.#retries.next().value;
    this.#actor.send({ type: "lost", attempt, retryInMs, reason });
    if (!lost) return this.#log.debug({ reason, retryInMs }, "link could not be opened");
    this.#log.info({ reason, retryInMs }, "link is offline");
    this.#note({ type: "link.changed", data: { state: "offline", reason, session: session.id } });
  }

  #note(event: NewEvent): void {
    this.#deps.journal
      .append([event])
      .catch((thrown: unknown) => this.#log.warn({ err: thrown }, "change of the link is not stored"));
  }
}
