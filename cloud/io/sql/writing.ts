import type { Conflict } from "../store-ops.ts";

/** Named values of a statement; those that it does not name are ignored. */
export type Values = Readonly<Record<string, unknown>>;

export interface Statement {
  readonly sql: string;
  readonly values: Values;
}

/** What a statement came to: how many rows it changed, and those that it returned. */
export interface Written {
  readonly changes: number;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** Work that needs a database: the same text is driven by one that answers at once and by one behind a network. */
export type Writing<Result> = Generator<Statement, Result, Written>;

/** One statement. */
export function* run(sql: string, values: object): Writing<Written> {
  return yield { sql, values: values as Values };
}

/** Thrown inside a transaction to undo it; the store turns it into a result. */
export class ConflictSignal extends Error {
  override readonly name = "ConflictSignal";
  readonly conflict: Conflict;

  constructor(conflict: Conflict) {
    super(conflict);
    this.conflict = conflict;
  }
}

/** Thrown into `Writing` whose statement met a unique index. */
export class TakenSignal extends Error {
  override readonly name = "TakenSignal";
  /** Whether it was the lock of the task: the one case in which it matters which index it was. */
  readonly isOfTask: boolean;

  constructor(isOfTask: boolean) {
    super(isOfTask ? "task" : "other");
    this.isOfTask = isOfTask;
  }
}
