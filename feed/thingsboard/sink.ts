import { z } from "zod";
import { backoff } from "#lib/backoff";
import { sleep, type Clock } from "#lib/clock";
import { AgentError, messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import type { Transport } from "#lib/transport";
import { FEED_CODES } from "#contract/feed/exceptions";
import type { FeedKeeper, TelemetrySource } from "../source.ts";
import { dialectOf } from "./dialect.ts";
import { entriesOf } from "./entries.ts";
import { Flights } from "./flights.ts";
import type { FedRobots } from "./rpc.ts";
import { limitsIn, Paces, Session } from "./session.ts";
import type { SessionLimits } from "./session-limits.ts";
import type { ThingsBoardSink } from "./settings.ts";

export interface ThingsBoardDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly source: TelemetrySource;
  readonly keeper: FeedKeeper;
  readonly transport: Transport;
  readonly robots: FedRobots;
}

export interface ThingsBoardStatus {
  readonly name: string;
  readonly state: "connecting" | "connected" | "refused";
  /** Of the stored telemetry, everything up to here is there. */
  readonly position: number;
}

/** A ThingsBoard that is being fed. Disposing of it ends the connection; what is not acknowledged by then is sent next time. */
export interface RunningThingsBoard extends AsyncDisposable {
  status(): ThingsBoardStatus;
}

const KEEP_ALIVE_SECONDS = 30;
const BACKOFF = { baseMs: 500, capMs: 60_000 };
/** After this long a connection counts as a good one; one that breaks a limit is closed sooner. */
const STEADY_MS = 10_000;
const READ_BLOCKS = 16;
const ATTRIBUTES_EVERY_MS = 10_000;

const Progress = z.object({ source: z.string(), position: z.number().int().min(0) });

/** Feeds a ThingsBoard from its own position in the stored telemetry; it comes back by itself. */
export async function startThingsBoardSink(
  settings: ThingsBoardSink,
  deps: ThingsBoardDeps,
): Promise<RunningThingsBoard> {
  const stored = await deps.keeper.load(keyOf(settings));
  const progress = stored === undefined ? undefined : Progress.parse(JSON.parse(stored));
  const sink = new Sink(settings, deps, progress?.source === deps.source.id ? progress.position : 0);
  const running = sink.run();
  return {
    status: () => sink.status(),
    async [Symbol.asyncDispose]() {
      sink.end();
      await running;
    },
  };
}

class Sink {
  readonly #settings: ThingsBoardSink;
  readonly #deps: ThingsBoardDeps;
  readonly #log: Log;
  readonly #rng: Rng;
  readonly #paces = new Paces();
  readonly #ending = new AbortController();
  #state: ThingsBoardStatus["state"] = "connecting";
  #position: number;

  constructor(settings: ThingsBoardSink, deps: ThingsBoardDeps, position: number) {
    this.#settings = settings;
    this.#deps = deps;
    this.#log = deps.log.child({ sink: settings.name });
    this.#rng = deps.rng.fork(`thingsboard/${settings.name}`);
    this.#position = position;
  }

  status(): ThingsBoardStatus {
    return { name: this.#settings.name, state: this.#state, position: this.#position };
  }

  end(): void {
    this.#ending.abort(new AgentError("cancelled", "the feed is ending"));
  }

  async run(): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#ending;
    let delays = backoff(BACKOFF, this.#rng);
    while (!signal.aborted) {
      const beganMs = clock.nowMs();
      try {
        await this.#connectOnce();
      } catch (thrown) {
        if (!signal.aborted) await this.#tell(thrown);
      }
      if (signal.aborted) return;
      if (clock.nowMs() - beganMs >= STEADY_MS) delays = backoff(BACKOFF, this.#rng);
      await sleep(clock, delays.next().value, signal).catch(() => undefined);
    }
  }

  /** One connection, from its CONNECT to its end, which rejects with the reason. */
  async #connectOnce(): Promise<void> {
    const { transport, clock, robots } = this.#deps;
    const { name, accessToken, rpc } = this.#settings;
    const closing = new AbortController();
    const ended = AbortSignal.any([closing.signal, this.#ending.signal]);
    const limits = Promise.withResolvers<SessionLimits | undefined>();
    let session: Session | undefined;
    const login = accessToken === undefined ? {} : { username: accessToken };
    const identity = { clientId: `holdfast-${name}`, keepAliveSeconds: KEEP_ALIVE_SECONDS, ...login };
    const connection = await transport.connect(identity, {
      onMessage: (message) => {
        const told = limitsIn(message);
        if (told) limits.resolve(told);
        else session?.hear(message);
      },
      onClose: (reason, code) => closing.abort(new AgentError(code ?? "transport.closed", reason, { retryable: true })),
    });
    // What waits for an acknowledgement that does not come must not keep the program from ending.
    ended.addEventListener("abort", () => void connection.close(), { once: true });
    try {
      ended.throwIfAborted();
      const asker = { holdId: `thingsboard-${name}`, allowed: rpc };
      const parts = { clock, log: this.#log, dialect: dialectOf(this.#settings), robots, asker };
      session = await Session.start(connection, { ...parts, paces: this.#paces, ended }, limits.promise);
      this.#state = "connected";
      this.#log.info({ route: connection.route }, "ThingsBoard connected");
      await this.#feed(session, ended, closing);
    } finally {
      closing.abort(new AgentError("transport.closed", "the session is over"));
      await connection.close();
    }
  }

  /** Telemetry and attributes side by side; when one fails, so does the other. */
  async #feed(session: Session, ended: AbortSignal, closing: AbortController): Promise<void> {
    const failing = (thrown: unknown): never => {
      closing.abort(thrown);
      throw thrown;
    };
    const loops = [this.#sendAll(session, ended).catch(failing), this.#keepAttributes(session, ended).catch(failing)];
    await Promise.allSettled(loops);
    await Promise.all(loops);
  }

  async #sendAll(session: Session, ended: AbortSignal): Promise<void> {
    const { source, keeper } = this.#deps;
    let more = Promise.withResolvers<void>();
    const wake = (): void => more.resolve();
    const stop = source.onMore(wake);
    ended.addEventListener("abort", wake);
    try {
      while (!ended.aborted) {
        more = Promise.withResolvers();
        const blocks = await source.read(this.#position, READ_BLOCKS);
        const last = blocks.at(-1);
        if (!last) {
          await more.promise;
          continue;
        }
        await this.#sendBlocks(session, blocks);
        const progress = { source: source.id, position: last.position };
        await keeper.save(keyOf(this.#settings), JSON.stringify(progress), []);
        this.#position = last.position;
      }
    } finally {
      stop();
      ended.removeEventListener("abort", wake);
    }
    ended.throwIfAborted();
  }

  async #sendBlocks(session: Session, blocks: Awaited<ReturnType<TelemetrySource["read"]>>): Promise<void> {
    const { device, everyMs } = this.#settings;
    const flights = new Flights(session.inFlightMax);
    try {
      for (const { deviceId, batches } of blocks) {
        if (device !== undefined && deviceId !== device) continue;
        await session.sendTelemetry(deviceId, entriesOf(batches, everyMs), flights);
      }
    } finally {
      await flights.landed();
    }
  }

  async #keepAttributes(session: Session, ended: AbortSignal): Promise<void> {
    for (;;) {
      await session.tellAttributes();
      await sleep(this.#deps.clock, ATTRIBUTES_EVERY_MS, ended);
    }
  }

  /** A refusal is told to people once; it may be mended on the other side, so ThingsBoard is asked again. */
  async #tell(thrown: unknown): Promise<void> {
    const { keeper } = this.#deps;
    const { name, url } = this.#settings;
    const detail = `ThingsBoard ${name} at ${url}: ${messageOf(thrown)}`;
    this.#log.warn({ reason: messageOf(thrown) }, "ThingsBoard not connected");
    const isRefused = thrown instanceof AgentError && thrown.code === "transport.refused";
    const isNew = isRefused && this.#state !== "refused";
    this.#state = isRefused ? "refused" : "connecting";
    if (!isNew) return;
    const news = { kind: "exception", code: FEED_CODES.refused, severity: "HIGH", detail } as const;
    await keeper.save(`feed ${name} news`, FEED_CODES.refused, [news]).catch((failure: unknown) => {
      this.#log.error({ reason: messageOf(failure) }, "feed could not store what it learned");
    });
  }
}

/** Apart from the streams of a planner that may have the same name. */
function keyOf({ name }: ThingsBoardSink): string {
  return `feed ${name} thingsboard`;
}
