import type { Cancel, Clock } from "#lib/clock";
import { AgentError, assert } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Contract } from "#contract/contract";
import type { Sha256 } from "#contract/crypto";
import type { Event } from "#contract/event";
import { chainHash, GENESIS_HASH } from "#contract/hash-chain";
import { emptyDevice, foldEvents } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import { createCoalescing } from "../core/coalescing.ts";
import { writeEvent, type Draft, type JournalEnd } from "../core/draft.ts";
import type { Journal, NewEvent } from "../core/ports.ts";
import { forget, keptContracts, prunableSeq } from "../core/pruning.ts";
import { damageEvents, TOLD_OF_DAMAGE } from "./damage-events.ts";
import { JournalQueue } from "./journal-queue.ts";
import type { JournalEntry, JournalSlice, MetaKey, Snapshot, Store, StoredState, StoreOp } from "../store.ts";

export interface JournalDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly sha256: Sha256;
  readonly log: Log;
  /** Name and version of this program, for `boot`. */
  readonly software: string;
}

/** Numbers of the oldest event held, the newest, and the newest that the cloud has committed. */
export interface JournalRange {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly ackedSeq: number;
}

/** The journal with what link and inbox need beyond the executor's port. */
export interface JournalPart extends Journal, AsyncDisposable {
  incarnation(): string;
  range(): JournalRange;
  /** Newest durable value under the key. */
  meta(key: MetaKey): string | undefined;
  /** What numbers of this incarnation lack to count on from the ones before it. */
  offset(): number;
  /** Nothing behind the position (number plus offset) that `neededFrom` names is forgotten; returns what ends it. */
  keepBehind(neededFrom: () => number): () => void;
  /**
   * Commits what `build` makes of the state that its events continue. `build` is synchronous and nothing comes between
   * it and its commit, so what it decides holds; it may be called with events of others that are not durable yet, which
   * then commit in the same transaction. Resolves and rejects as `append` does; what `build` throws rejects its caller only.
   */
  decide(build: (state: DeviceState) => Draft): Promise<readonly Event[]>;
  /** Consecutive events of one boot from `fromSeq` on; undefined when there are none. */
  read(fromSeq: number, limit: number, maxBytes: number): Promise<JournalSlice | undefined>;
  /** The cloud has committed every event up to `seq` (at most `lastSeq`): they may be forgotten. */
  acknowledge(seq: number): Promise<void>;
  /** Another cloud answers, one restored from a backup: what it lacks and we still hold is unacknowledged again. */
  startOver(cloudId: string, committedSeq: number): Promise<void>;
  /** Draws a new incarnation and renumbers the unacknowledged events from 1 (wire format, section 3.3). */
  fork(): Promise<void>;
}

/**
 * Reads the journal back, folds it, and writes `boot`. Events that belong to no contract coalesce: `append` then
 * resolves without them. Rejects `store.failed`.
 */
export async function startJournal(deps: JournalDeps): Promise<JournalPart> {
  const stored = await deps.store.load();
  const journal = new StoredJournal(deps, stored);
  await journal.readBack(stored);
  await journal.writeBoot(stored);
  return journal;
}

const READ_LIMIT = 500;
const READ_BYTES = 1_048_576;
/** Pruning rewrites the snapshot, so it waits until it is worth it. */
const PRUNE_AT_LEAST = 256;

/** A draft to come, and who waits for it. */
interface Waiting {
  readonly build: (state: DeviceState) => Draft;
  readonly admit: (event: NewEvent) => boolean;
  readonly resolve: (written: readonly Event[]) => void;
  readonly reject: (thrown: unknown) => void;
}

/** The drafts of one transaction and what they come to. */
interface Transaction {
  end: JournalEnd;
  readonly ops: StoreOp[];
  readonly outcomes: { readonly waiting: Waiting; readonly written: readonly Event[] }[];
}

class StoredJournal implements JournalPart {
  readonly #deps: JournalDeps;
  readonly #coalescing = createCoalescing();
  readonly #contracts = new Map<string, Contract>();
  readonly #meta = new Map<MetaKey, string>();
  readonly #needs = new Set<() => number>();
  readonly #listeners = new Set<(events: readonly Event[]) => void>();
  readonly #queue = new JournalQueue<Waiting>(
    (drafts) => this.#commitDrafts(drafts),
    () => this.#armFlush(),
  );
  #isClosed = false;
  #stopFlush: Cancel | undefined;
  /** What the pruned events fold to. */
  #base: Snapshot;
  #end: JournalEnd;
  #ackedSeq: number;

  constructor(deps: JournalDeps, stored: StoredState) {
    this.#deps = deps;
    for (const [key, value] of Object.entries(stored.meta))
      if (value !== undefined) this.#meta.set(key as MetaKey, value);
    for (const contract of stored.contracts) this.#contracts.set(contract.contractId, contract);
    const incarnation = stored.meta.incarnation ?? deps.uuid();
    this.#base = stored.snapshot ?? { state: emptyDevice(incarnation), hash: GENESIS_HASH };
    this.#end = this.#base;
    this.#ackedSeq = stored.ackedSeq;
  }

  /** A chain that does not lead to the hash that was stored means damaged rows: the cloud gets them as a new history. */
  async readBack(stored: StoredState): Promise<void> {
    this.#end = await this.#foldTo(stored.lastSeq);
    if (this.#end.hash !== stored.lastHash) await this.fork();
  }

  async writeBoot(stored: StoredState): Promise<void> {
    const { clock, software, log } = this.#deps;
    const incarnation = this.incarnation();
    const start = stored.meta.bootId === clock.bootId ? "restart" : "cold";
    const starts = Number(stored.meta.starts ?? 0) + 1;
    const events: NewEvent[] = [{ type: "boot", data: { start, bootId: clock.bootId, software, incarnation } }];
    if (stored.setAside !== undefined) {
      log.error({ setAside: stored.setAside, salvaged: stored.salvaged }, "database was damaged and set aside");
      events.push(...damageEvents(stored.setAside, stored, this.state()));
    }
    const told = stored.setAside === undefined ? [] : TOLD_OF_DAMAGE;
    await this.decide(() => ({
      events,
      ops: () => [
        { type: "set-meta", key: "incarnation", value: incarnation },
        { type: "set-meta", key: "bootId", value: clock.bootId },
        { type: "set-meta", key: "starts", value: String(starts) },
        ...told,
      ],
    }));
    log.info({ incarnation, start, ...this.range() }, "journal started");
  }

  state(): DeviceState {
    return this.#end.state;
  }

  contract(contractId: string): Contract | undefined {
    return this.#contracts.get(contractId);
  }

  incarnation(): string {
    return this.state().incarnation;
  }

  range(): JournalRange {
    return { firstSeq: this.#base.state.seq + 1, lastSeq: this.state().seq, ackedSeq: this.#ackedSeq };
  }

  meta(key: MetaKey): string | undefined {
    return this.#meta.get(key);
  }

  offset(): number {
    return Number(this.#meta.get("offset") ?? 0);
  }

  keepBehind(neededFrom: () => number): () => void {
    this.#needs.add(neededFrom);
    return () => this.#needs.delete(neededFrom);
  }

  onAppended(listener: (events: readonly Event[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  append(events: readonly NewEvent[]): Promise<readonly Event[]> {
    return this.decide(() => ({ events }));
  }

  decide(build: (state: DeviceState) => Draft): Promise<readonly Event[]> {
    return this.#enqueue(build, (event) => this.#coalescing.admit(event, this.#deps.clock.nowMs()));
  }

  read(fromSeq: number, limit: number, maxBytes: number): Promise<JournalSlice | undefined> {
    return this.#deps.store.readJournal(fromSeq, limit, maxBytes);
  }

  async acknowledge(seq: number): Promise<void> {
    await this.#queue.alone(async () => {
      assert(seq <= this.state().seq, "only events that exist are acknowledged");
      if (seq <= this.#ackedSeq) return;
      await this.#deps.store.commit([{ type: "set-acked", seq }]);
      this.#ackedSeq = seq;
      await this.#pruneIfWorthIt();
    });
  }

  async startOver(cloudId: string, committedSeq: number): Promise<void> {
    await this.#queue.alone(async () => {
      const { firstSeq, lastSeq } = this.range();
      const seq = Math.min(Math.max(committedSeq, firstSeq - 1), lastSeq);
      await this.#deps.store.commit([
        { type: "set-meta", key: "cloudId", value: cloudId },
        { type: "set-acked", seq },
      ]);
      this.#meta.set("cloudId", cloudId);
      this.#ackedSeq = seq;
    });
  }

  async fork(): Promise<void> {
    const before = this.incarnation();
    await this.#queue.alone(() => this.#renumber());
    const detail = `the cloud knows another history of incarnation ${before}; unacknowledged events were renumbered`;
    await this.append([{ type: "exception", data: { code: "journal_forked", severity: "HIGH", detail } }]);
  }

  /** Writes what was merged and waits for what was asked before. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#stopFlush?.();
    const merged = this.#coalescing.drain();
    const flushed = merged.length > 0 ? this.#writeMerged(merged) : undefined;
    await this.#queue.alone(async () => undefined);
    await flushed;
    this.#isClosed = true;
    this.#listeners.clear();
  }

  #enqueue(build: Waiting["build"], admit: Waiting["admit"]): Promise<readonly Event[]> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) reject(new AgentError("store.failed", "the journal is closed"));
      else this.#queue.submit({ type: "item", item: { build, admit, resolve, reject } });
    });
  }

  async #commitDrafts(drafts: readonly Waiting[]): Promise<void> {
    const transaction: Transaction = { end: this.#end, ops: [], outcomes: [] };
    for (const waiting of drafts) this.#addDraft(transaction, waiting);
    const { end, ops, outcomes } = transaction;
    try {
      if (ops.length > 0) await this.#deps.store.commit(ops);
    } catch (thrown) {
      for (const { waiting } of outcomes) waiting.reject(thrown);
      return;
    }
    this.#end = end;
    for (const op of ops) this.#remember(op);
    const written = outcomes.flatMap((outcome) => outcome.written);
    if (written.length > 0) for (const listener of this.#listeners) listener(written);
    for (const outcome of outcomes) outcome.waiting.resolve(outcome.written);
  }

  #addDraft(transaction: Transaction, waiting: Waiting): void {
    let end = transaction.end;
    const entries: JournalEntry[] = [];
    try {
      const draft = waiting.build(end.state);
      for (const event of draft.events.filter(waiting.admit)) {
        const next = writeEvent(end, event, this.#deps);
        entries.push(next.entry);
        end = next.end;
      }
      const written = entries.map((entry) => entry.event);
      const ops = draft.ops?.(written) ?? [];
      transaction.ops.push(...entries.map((entry) => ({ type: "append", entry }) as const), ...ops);
      transaction.outcomes.push({ waiting, written });
      transaction.end = end;
    } catch (thrown) {
      waiting.reject(thrown);
    }
  }

  #remember(op: StoreOp): void {
    if (op.type === "set-meta") this.#meta.set(op.key, op.value);
    if (op.type === "put-contract") this.#contracts.set(op.contract.contractId, op.contract);
  }

  #armFlush(): void {
    this.#stopFlush?.();
    const dueMs = this.#coalescing.nextDueMs();
    if (dueMs === undefined || this.#isClosed) return;
    const { clock } = this.#deps;
    this.#stopFlush = clock.after(dueMs - clock.nowMs(), () => {
      void this.#writeMerged(this.#coalescing.due(clock.nowMs()));
    });
  }

  async #writeMerged(events: readonly NewEvent[]): Promise<void> {
    try {
      await this.#enqueue(
        () => ({ events }),
        () => true,
      );
    } catch (thrown) {
      this.#deps.log.warn({ err: thrown, events: events.length }, "merged events were not stored and are lost");
    }
  }

  async #pruneIfWorthIt(): Promise<void> {
    const needed = [...this.#needs].map((neededFrom) => neededFrom() - this.offset());
    const upTo = Math.min(prunableSeq(this.state(), this.#ackedSeq), ...needed);
    if (upTo - this.#base.state.seq < PRUNE_AT_LEAST) return;
    const contracts = keptContracts(this.state());
    const { state, hash } = await this.#foldTo(upTo);
    const snapshot = { state: forget(state, contracts), hash };
    await this.#deps.store.commit([{ type: "prune", snapshot, contracts }]);
    this.#base = snapshot;
    this.#end = { state: forget(this.state(), contracts), hash: this.#end.hash };
    for (const id of this.#contracts.keys()) if (!contracts.includes(id)) this.#contracts.delete(id);
  }

  async #renumber(): Promise<void> {
    const { sha256, uuid, store, log } = this.#deps;
    const incarnation = uuid();
    const acked = (await this.#foldTo(Math.max(this.#ackedSeq, this.#base.state.seq))).state;
    const offset = String(this.offset() + acked.seq);
    const base: Snapshot = { state: { ...acked, incarnation, seq: 0 }, hash: GENESIS_HASH };
    const entries: JournalEntry[] = [];
    let hash = GENESIS_HASH;
    for await (const slice of this.#slices(acked.seq + 1, this.state().seq)) {
      for (const old of slice.events) {
        const event = { ...old, seq: entries.length + 1 };
        hash = chainHash(hash, event, sha256);
        entries.push({ bootId: slice.bootId, event, hash });
      }
    }
    await store.commit([
      { type: "renumber", snapshot: base, entries },
      { type: "set-meta", key: "incarnation", value: incarnation },
      { type: "set-meta", key: "offset", value: offset },
      { type: "set-acked", seq: 0 },
    ]);
    log.warn({ before: this.incarnation(), incarnation, renumbered: entries.length }, "journal forked");
    this.#meta.set("incarnation", incarnation).set("offset", offset);
    this.#base = base;
    const events = entries.map((entry) => entry.event);
    this.#end = { state: foldEvents(base.state, events), hash };
    this.#ackedSeq = 0;
  }

  /** State and chain after the event `seq`, read from the store. */
  async #foldTo(seq: number): Promise<Snapshot> {
    let { state, hash } = this.#base;
    for await (const slice of this.#slices(state.seq + 1, seq)) {
      state = foldEvents(state, slice.events);
      for (const event of slice.events) hash = chainHash(hash, event, this.#deps.sha256);
    }
    assert(state.seq === seq, "the journal holds every event up to its end");
    return { state, hash };
  }

  async *#slices(fromSeq: number, toSeq: number): AsyncGenerator<JournalSlice> {
    let next = fromSeq;
    while (next <= toSeq) {
      const slice = await this.read(next, Math.min(READ_LIMIT, toSeq - next + 1), READ_BYTES);
      assert(slice, "the journal has no gap");
      yield slice;
      next += slice.events.length;
    }
  }
}
