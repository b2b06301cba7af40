import { sleep, type Clock } from "#lib/clock";
import { messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import { FEED_CODES } from "#contract/feed/exceptions";
import { BATCH, STREAMS, type StreamName } from "#contract/feed/streams";
import { Caller, type CallerDeps } from "./caller.ts";
import { gather, settle, type Gathered } from "./gathering.ts";
import { readProgress, type DeadLetter, type Progress } from "./progress.ts";
import type { FeedKeeper, FeedNews, FeedSource } from "./source.ts";

export interface StreamDeps extends CallerDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly source: FeedSource;
  readonly keeper: FeedKeeper;
  readonly warehouseId: string;
  /** Under which its progress is kept. */
  readonly key: string;
  readonly lingerMs: number;
}

/** How one stream is doing, for console and page. */
export interface StreamStatus {
  readonly stream: StreamName;
  readonly isOff: boolean;
  readonly position: number;
  readonly accepted: number;
  readonly replayed: number;
  readonly rejected: number;
  /** The newest that the planner refused. */
  readonly deadLetters: readonly DeadLetter[];
}

/** Events that no record comes of are passed over in memory; so many at most are read again after a crash. */
const UNSAVED_MAX = 256;
const STORE_AGAIN_MS = 1000;

/** One stream of one sink: reads what is stored behind its own position, sends it in batches, and keeps how far it came. */
export class StreamLoop {
  readonly stream: StreamName;
  readonly #deps: StreamDeps;
  readonly #caller: Caller;
  #progress: Progress;
  #savedPosition: number;
  #isOff = false;
  #isDrained = false;
  #more = Promise.withResolvers<void>();

  private constructor(stream: StreamName, deps: StreamDeps, progress: Progress) {
    this.stream = stream;
    this.#deps = deps;
    this.#caller = new Caller(STREAMS[stream], deps);
    this.#progress = progress;
    this.#savedPosition = progress.position;
  }

  static async load(stream: StreamName, deps: StreamDeps): Promise<StreamLoop> {
    return new StreamLoop(stream, deps, readProgress(await deps.keeper.load(deps.key)));
  }

  status(): StreamStatus {
    const { position, accepted, replayed, rejected, deadLetters } = this.#progress;
    return { stream: this.stream, isOff: this.#isOff, position, accepted, replayed, rejected, deadLetters };
  }

  /** What is stored behind this may still be needed; undefined while the stream is off. */
  neededFrom(): number | undefined {
    return this.#isOff ? undefined : this.#savedPosition;
  }

  /** Whether everything that is stored was sent when it last looked. */
  isDrained(): boolean {
    return this.#isDrained;
  }

  /** Works until the sink ends or the stream is switched off. A store that fails is asked again. */
  async run(): Promise<void> {
    const { source, ended, log, clock } = this.#deps;
    const wake = (): void => this.#more.resolve();
    const stop = source.onMore(wake);
    ended.addEventListener("abort", wake);
    while (!ended.aborted && !this.#isOff) {
      try {
        await this.#step();
      } catch (thrown) {
        log.error({ key: this.#deps.key, reason: messageOf(thrown) }, "feed could not read or keep its progress");
        await sleep(clock, STORE_AGAIN_MS, ended).catch(() => undefined);
      }
    }
    stop();
    ended.removeEventListener("abort", wake);
  }

  async #step(): Promise<void> {
    this.#more = Promise.withResolvers();
    const gathered = await this.#gather();
    this.#isDrained = gathered.outgoing.length === 0;
    if (!this.#isDrained) return this.#deliver(gathered);
    this.#progress = gathered.progress;
    if (gathered.progress.position - this.#savedPosition >= UNSAVED_MAX) await this.#save(gathered.progress, []);
    await this.#more.promise;
  }

  /** A small batch waits a little for company. */
  async #gather(): Promise<Gathered> {
    const { source, warehouseId, clock, ended, lingerMs } = this.#deps;
    const read = (): Promise<Gathered> => gather(source, this.stream, warehouseId, this.#progress);
    const first = await read();
    if (first.outgoing.length === 0 || first.outgoing.length >= BATCH.atLeast) return first;
    await sleep(clock, lingerMs, ended).catch(() => undefined);
    return read();
  }

  async #deliver(gathered: Gathered): Promise<void> {
    const { clock } = this.#deps;
    const delivery = await this.#caller.deliver(gathered.outgoing.map(({ record }) => record));
    if (delivery.kind === "absent") return this.#switchOff();
    if (delivery.kind === "ended") return;
    const before = this.#progress.rejected;
    const progress = settle(gathered, delivery.verdicts, clock.wallMs());
    const letters = progress.deadLetters.slice(-Math.min(progress.rejected - before, progress.deadLetters.length));
    await this.#save(
      progress,
      progress.rejected > before ? letters.map((letter) => rejection(this.stream, letter)) : [],
    );
  }

  async #save(progress: Progress, news: readonly FeedNews[]): Promise<void> {
    const { keeper, key } = this.#deps;
    await keeper.save(key, JSON.stringify(progress), news);
    this.#progress = progress;
    this.#savedPosition = progress.position;
  }

  async #switchOff(): Promise<void> {
    this.#isOff = true;
    const detail = `the planner takes no ${this.stream} (404): this stream is switched off until the program starts again`;
    await this.#deps.tell({ kind: "notice", code: "feed_stream_off", severity: "LOW", detail });
  }
}

function rejection(stream: StreamName, { correlationId, deviceId, reason }: DeadLetter): FeedNews {
  const detail = `the planner refused record ${correlationId} of ${deviceId} (${stream}): ${reason}`;
  return { kind: "exception", code: FEED_CODES.rejected, severity: "HIGH", detail };
}
