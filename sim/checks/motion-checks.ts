import type { Contract } from "#contract/contract";
import type { Metres, MetresPerSecond } from "#lib/units";
import type { Move } from "../conduct.ts";
import type { Evidence } from "../evidence.ts";

/** A robot that is this far off its believed place can keep no border: half of what planners keep away from zones. */
const LOST: Metres = 0.08;
/** Excess over a contract's speed that counts: wheels have a gain error, and bases take a moment to slow down. */
const SPEED_TOLERANCE: MetresPerSecond = 0.1;
/** From the end of a contract, or the beginning of the next, until the wheels are as slow as they must be: the loop's reaction, and braking from full speed. */
const BRAKING_MS = 3000;

/** Contacts with what had been there to be seen, standing or in motion. */
export function avoidableContacts({ conduct }: Evidence): string[] {
  return conduct.contacts
    .filter(({ wasSeen }) => wasSeen)
    .map((contact) => `${contact.deviceId} ran into ${contact.with} at ${contact.atMs / 1000} s`);
}

/** Forbidden zones that were entered, and slow ones that were driven through too fast, by robots that knew where they were. */
export function trespasses({ conduct }: Evidence): string[] {
  return conduct.trespasses
    .filter(({ error }) => error <= LOST)
    .map(({ deviceId, kind, atMs }) => {
      const what = kind === "keepout" ? "was in a forbidden zone" : "drove too fast in a slow zone";
      return `${deviceId} ${what} at ${atMs / 1000} s`;
    });
}

/** Robots that drove faster than their contract allows. */
export function speeding({ conduct, orders }: Evidence): string[] {
  // What another contract allowed is braked first.
  const settled = conduct.moves.filter(({ heldMs }) => heldMs > BRAKING_MS);
  const tooFast = settled.filter((move) => move.speed > speedLimit(orders, move) + SPEED_TOLERANCE);
  return firstOfEach(tooFast).map(
    ({ deviceId, speed, atMs }) => `${deviceId} drove at ${speed.toFixed(2)} m/s at ${atMs / 1000} s`,
  );
}

/** Robots that moved although nobody had asked them to. */
export function idleMoves({ conduct }: Evidence): string[] {
  // A contract that was held as soon as it had begun may have run between two looks.
  const unasked = conduct.moves.filter(({ idleMs, heldMs }) => idleMs > BRAKING_MS && heldMs > BRAKING_MS);
  return firstOfEach(unasked).map(({ deviceId, atMs }) => `${deviceId} moved at ${atMs / 1000} s`);
}

function speedLimit(orders: ReadonlyMap<string, Contract>, { contractId = "" }: Move): MetresPerSecond {
  const contract = orders.get(contractId);
  const scoped = contract?.scope.actions.find(({ action }) => action === "navigate")?.limits?.maxSpeed;
  return Math.min(scoped ?? Infinity, contract?.constraints.maxSpeed ?? Infinity);
}

function firstOfEach(moves: readonly Move[]): Move[] {
  const first = new Map<string, Move>();
  for (const move of moves) if (!first.has(move.deviceId)) first.set(move.deviceId, move);
  return [...first.values()];
}
