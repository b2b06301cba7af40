import { afterEach, beforeEach, expect } from "vitest";
import type { Clock } from "#lib/clock";
import { assert } from "#lib/errors";
import type { Driver, LoadHandler } from "./driver.ts";

/** A driver on a bench, not opened yet, with the means to try it; disposing takes the bench down. */
export interface Rig<Device extends Driver> extends AsyncDisposable {
  readonly driver: Device;
  readonly clock: Clock;
  /** Lets time of the clock pass. */
  readonly pass: (durationMs: number) => Promise<void>;
  /** Takes the device away, as pulling its plug does. */
  readonly unplug: () => Promise<void>;
  /** Another driver of the same device, not opened, as a restarted process makes it. */
  readonly again: () => Promise<Device>;
}

/** A bench for a hand: `from` holds at least three of `sku`, and `to` takes them; both are within reach. */
export interface LoadRig extends Rig<LoadHandler> {
  readonly sku: string;
  readonly from: string;
  readonly to: string;
}

/** Matches every error that drivers may reject with. */
export const anyDriverError: unknown = expect.objectContaining({ code: expect.stringMatching(/^driver\./) as string });

/** Time in which a device must have done what it was asked. */
const PATIENCE_MS = 20_000;
const POLL_MS = 20;

/** Sets a bench up before each test of the surrounding `describe` and takes it down after. */
export function useRig<Kind extends Rig<Driver>>(make: () => Promise<Kind>): () => Kind {
  let rig: Kind | undefined;
  beforeEach(async () => {
    rig = await make();
  });
  afterEach(async () => {
    await rig?.[Symbol.asyncDispose]();
    rig = undefined;
  });
  return () => {
    assert(rig, "the bench is set up before each test");
    return rig;
  };
}

/** Lets time pass until the promise settles, and gives its outcome. */
export async function done<Value>(rig: Rig<Driver>, promise: PromiseLike<Value>): Promise<Value> {
  const state = { isPending: true };
  const end = (): void => {
    state.isPending = false;
  };
  promise.then(end, end);
  await until(rig, () => !state.isPending, "the operation ends");
  return promise;
}

/** Lets time pass until the condition holds; fails, naming what was expected, when it takes too long. */
export async function until(rig: Rig<Driver>, holds: () => boolean, what: string): Promise<void> {
  const startMs = rig.clock.nowMs();
  while (!holds() && rig.clock.nowMs() - startMs < PATIENCE_MS) await rig.pass(POLL_MS);
  if (!holds()) expect.fail(`not in ${PATIENCE_MS} ms: ${what}`);
}

/** What the promise rejects with; fails when it does not reject. */
export function failure(rig: Rig<Driver>, promise: Promise<unknown>): Promise<unknown> {
  return done(rig, thrownBy(promise));
}

/** The same without letting time pass: for an operation that is to fail later. */
export function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("it must be refused"),
    (thrown: unknown) => thrown,
  ) as Promise<unknown>;
}

/** Opens the driver of the bench and enables it. */
export async function enable<Kind extends Rig<Driver>>(rig: Kind): Promise<Kind> {
  await done(rig, rig.driver.open());
  await done(rig, rig.driver.enable());
  return rig;
}
