import { createActor, type ActorRefFrom } from "xstate";
import { asXStateClock, sleep, type Clock } from "#lib/clock";
import { AgentError, messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import type { NetworkWatch } from "#lib/network";
import type { Rng } from "#lib/rng";
import type { Connection, ConnectOptions, Transport } from "#lib/transport";
import type { Sha256 } from "#contract/crypto";
import { topicOf } from "#contract/topics";
import type { LiveSample, LiveValues } from "../core/live-telemetry.ts";
import { linkMachine } from "../core/link-machine.ts";
import type { LinkState, LinkTrouble } from "../core/link-state.ts";
import type { NewEvent, LinkStatus, Replanner } from "../core/ports.ts";
import type { ReplanQuestion } from "../core/replan-request.ts";
import { willOf, type DeviceDescription, type SessionIdentity } from "../core/presence.ts";
import { Reconnection } from "../core/reconnection.ts";
import type { Inbox } from "./inbox.ts";
import type { Intake } from "./intake.ts";
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
  readonly intake: Intake;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly uuid: () => string;
  readonly sha256: Sha256;
  readonly log: Log;
  readonly device: DeviceDescription;
  /** For the broker; the user name is the `deviceId` unless given. */
  readonly credentials?: { readonly username?: string; readonly password?: string };
  readonly keepAliveSeconds?: number;
  /** Tells when this machine's addresses change; without it, a dead connection is noticed by the keep-alive. */
  readonly network?: NetworkWatch;
  /** The newest values for the live lane, or undefined while there are none. */
  readonly live: () => LiveValues | undefined;
  /** What the profile shows beside them, whenever it is due. */
  readonly liveChannels?: () => readonly LiveSample[];
  /** What is stored beside the journal, and how it may be sent. */
  readonly telemetry?: { readonly store: TelemetryStore; readonly limits: DrainLimits };
}

export interface Link extends LinkStatus, Replanner, AsyncDisposable {
  /** What the link does, and where it is down, why. */
  state(): LinkState;
  /** Of the connection that is up, or undefined. */
  session(): string | undefined;
  /** Sends the journal up to its end now; false when there is no connection. */
  flush(): boolean;
  /** How far the stored telemetry is sent on this connection; undefined while there is none. */
  drainProgress(): DrainProgress | undefined;
}

const KEEP_ALIVE_SECONDS = 15;
/** How soon a broker must answer after this machine's addresses changed, and how soon at most a new attempt begins. */
const PROBE_MS = 5000;
const RETRY_SOON_MS = 1000;
/** How long a graceful end waits for the broker. */
const FAREWELL_MS = 2000;

/** Connects, and keeps connecting, until it is disposed of; then it says `offline` and leaves without its will. */
export function startLink(deps: LinkDeps): Link {
  return new CloudLink(deps);
}

interface Current {
  readonly attempt: number;
  readonly session: LinkSession;
  readonly connection: Connection;
  readonly sinceMs: number;
}

class CloudLink implements Link {
  readonly #deps: LinkDeps;
  readonly #log: Log;
  readonly #beats: BeatCounter;
  readonly #actor: ActorRefFrom<typeof linkMachine>;
  readonly #rng: Rng;
  readonly #reconnection: Reconnection;
  readonly #forgetNetwork: () => void;
  #connecting: Promise<void> = Promise.resolve();
  #current: Current | undefined;
  #nextAttemptMs: number;

  constructor(deps: LinkDeps) {
    this.#deps = deps;
    this.#log = deps.log.child({ module: "link" });
    this.#beats = new BeatCounter(Number(deps.journal.meta("starts") ?? 0));
    this.#rng = deps.rng.fork("link-retry");
    const { site, deviceId } = deps.device;
    this.#reconnection = new Reconnection(`"${deviceId}" of site "${site}"`, this.#rng);
    this.#nextAttemptMs = deps.clock.nowMs();
    this.#forgetNetwork = deps.network?.onChange(() => this.#onNetworkChange()) ?? ((): void => undefined);
    this.#actor = createActor(linkMachine, { clock: asXStateClock(deps.clock) });
    let seen = 0;
    this.#actor.subscribe(({ value, context }) => {
      if (value !== "connecting" || context.attempt === seen) return;
      seen = context.attempt;
      this.#connecting = this.#connect(context.attempt);
    });
    this.#actor.start();
  }

  state(): LinkState {
    const { value, context } = this.#actor.getSnapshot();
    const { attempt } = context;
    const { trouble } = this.#reconnection;
    if (value === "stopped") return { kind: "stopped" };
    if (value === "offline") return { kind: "offline", attempt, nextAttemptMs: this.#nextAttemptMs, trouble };
    const current = this.#current;
    if (value !== "online" || !current) return { kind: "connecting", attempt, trouble };
    return {
      kind: "online",
      sinceMs: current.sinceMs,
      session: current.session.id,
      route: current.connection.route,
    };
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

  flush(): boolean {
    if (!this.isOnline()) return false;
    this.#current?.session.flush();
    return true;
  }

  revisePlan(question: ReplanQuestion): void {
    this.#current?.session.askForPlan(question);
  }

  leaseRemainingMs(contractId: string): number | "unknown" {
    return this.#deps.leases.remainingMs(contractId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isActive()) return;
    this.#actor.send({ type: "stop" });
    this.#forgetNetwork();
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
    const session = this.#newSession(identity.session, attempt);
    let connection: Connection | undefined;
    try {
      connection = await transport.connect(this.#connectOptions(identity), {
        onMessage: (message) => session.onMessage(message),
        onClose: (reason, code = "transport.closed") => this.#onLost(attempt, session, { code, reason }),
      });
      await session.open(connection);
      if (this.#isActive()) this.#actor.send({ type: "opened", attempt });
    } catch (thrown) {
      this.#onLost(attempt, session, troubleOf(thrown));
    }
    if (connection && this.#isOnline(attempt)) return this.#begin(attempt, session, connection);
    // Refused, stopped, or closed again while it was being opened.
    session.end();
    await connection?.close();
  }

  #newSession(id: string, attempt: number): LinkSession {
    const { clock } = this.#deps;
    this.#reconnection.began(id);
    const session = new LinkSession(this.#deps, id, {
      beats: this.#beats,
      log: this.#log,
      heardOfItself: (presence) => this.#reconnection.heard(presence, clock.nowMs()),
      leave: (reason) => this.#leave(attempt, session, reason),
    });
    return session;
  }

  #isActive(): boolean {
    return this.#actor.getSnapshot().status === "active";
  }

  #isOnline(attempt: number): boolean {
    const snapshot = this.#actor.getSnapshot();
    return snapshot.matches("online") && snapshot.context.attempt === attempt;
  }

  #connectOptions(identity: SessionIdentity): ConnectOptions {
    const { device, credentials, keepAliveSeconds = KEEP_ALIVE_SECONDS } = this.#deps;
    const { site, deviceId } = device;
    const will = JSON.stringify(willOf(deviceId, identity));
    return {
      clientId: `hf-${site}-${deviceId}`,
      username: credentials?.username ?? deviceId,
      ...(credentials?.password === undefined ? {} : { password: credentials.password }),
      will: { topic: topicOf(site, deviceId, "presence"), payload: will, qos: 1, retain: true },
      keepAliveSeconds,
    };
  }

  #begin(attempt: number, session: LinkSession, connection: Connection): void {
    this.#current = { attempt, session, connection, sinceMs: this.#deps.clock.nowMs() };
    this.#reconnection.succeeded();
    const { route } = connection;
    this.#log.info({ session: session.id, route }, "link is online");
    session.begin();
    const data = { state: "online", session: session.id, ...(route === undefined ? {} : { route }) } as const;
    this.#note({ type: "link.changed", data });
  }

  /** Ends a connection that could go on: the next one need not wait for long. */
  #leave(attempt: number, session: LinkSession, reason: string): void {
    const current = this.#current;
    this.#onLost(attempt, session, { code: "transport.closed", reason });
    this.#retrySoon();
    if (current?.session === session) void current.connection.close();
  }

  #onLost(attempt: number, session: LinkSession, happened: LinkTrouble): void {
    session.end();
    const { context, value } = this.#actor.getSnapshot();
    if (attempt !== context.attempt || (value !== "connecting" && value !== "online")) return;
    const lost = this.#current;
    this.#current = undefined;
    const nowMs = this.#deps.clock.nowMs();
    const { trouble, isNews, retryInMs } = this.#reconnection.failed(happened, lost && nowMs - lost.sinceMs, nowMs);
    this.#nextAttemptMs = nowMs + retryInMs;
    this.#actor.send({ type: "lost", attempt, retryInMs, reason: trouble.reason });
    if (!isNews) return this.#log.debug({ ...trouble, retryInMs }, "link could not be opened");
    this.#log.warn({ ...trouble, retryInMs }, "link is offline");
    const { code, reason } = trouble;
    const told = code === "transport.closed" ? { reason } : { reason, code };
    this.#note({ type: "link.changed", data: { state: "offline", ...told, session: session.id } });
  }

  /**
   * A connection from an address that is gone is dead, but neither side is told: the broker must answer at once. Where there is
   * none, the new network may have what the old one lacked.
   */
  #onNetworkChange(): void {
    const current = this.#current;
    this.#log.info({ state: this.state().kind }, "this machine's network addresses changed");
    if (current) void this.#probe(current);
    else this.#retrySoon();
  }

  /** Instead of when the back-off ends; a second device of the same name is not hurried. */
  #retrySoon(): void {
    if (this.#reconnection.isForRival) return;
    const retry = (): void => {
      if (this.#isActive()) this.#actor.send({ type: "retry" });
    };
    this.#deps.clock.after(this.#rng.float() * RETRY_SOON_MS, retry);
  }

  async #probe({ attempt, session, connection }: Current): Promise<void> {
    if ((await session.probe(PROBE_MS)) || this.#current?.session !== session) return;
    const reason = `this machine's network addresses changed, and the broker did not answer within ${PROBE_MS / 1000} s`;
    this.#onLost(attempt, session, { code: "transport.silent", reason });
    await connection.close();
  }

  #note(event: NewEvent): void {
    this.#deps.journal
      .append([event])
      .catch((thrown: unknown) => this.#log.warn({ err: thrown }, "change of the link is not stored"));
  }
}

function troubleOf(thrown: unknown): LinkTrouble {
  const code = thrown instanceof AgentError ? thrown.code : "transport.unreachable";
  return { code, reason: messageOf(thrown) };
}
