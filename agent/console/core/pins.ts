import { z } from "zod";

/** How a PIN is kept: scrypt (RFC 7914) with a salt of its own. */
export const PinHash = z.strictObject({
  n: z.number().int(),
  r: z.number().int(),
  p: z.number().int(),
  salt: z.base64(),
  hash: z.base64(),
});
export type PinHash = z.infer<typeof PinHash>;

/** Wrong PINs in a row, and how often the door was locked for them. */
export const Misses = z.strictObject({
  inRow: z.number().int().min(0),
  locks: z.number().int().min(0),
  /** The boot and its monotonic time that the lock lasts until. */
  bootId: z.string(),
  lockedUntilMs: z.number(),
});
export type Misses = z.infer<typeof Misses>;

export const NO_MISSES: Misses = { inRow: 0, locks: 0, bootId: "", lockedUntilMs: 0 };

/** What is kept of PINs, in a file that only the agent reads. */
export const PinFile = z.strictObject({
  technician: PinHash.optional(),
  admin: PinHash.optional(),
  misses: Misses.default(NO_MISSES),
});
export type PinFile = z.infer<typeof PinFile>;

const MISSES_MAX = 3;
const LOCK_MS = 60_000;
const LOCK_MS_MAX = 86_400_000;

export interface Boot {
  readonly bootId: string;
  readonly nowMs: number;
}

/** Milliseconds that the door stays locked. After a reboot nobody knows how long it was dark, so the lock begins anew. */
export function lockedMs({ locks, lockedUntilMs, bootId }: Misses, now: Boot): number {
  if (locks === 0 || lockedUntilMs === 0) return 0;
  return bootId === now.bootId ? Math.max(0, lockedUntilMs - now.nowMs) : lockLength(locks);
}

/** A lock of an earlier boot, as this boot counts it. */
export function carriedOver(misses: Misses, now: Boot): Misses {
  if (misses.lockedUntilMs === 0 || misses.bootId === now.bootId) return misses;
  return { ...misses, bootId: now.bootId, lockedUntilMs: now.nowMs + lockLength(misses.locks) };
}

/** After one more wrong PIN: three in a row lock for 60 s, three more for twice as long, and so on. */
export function missed(misses: Misses, now: Boot): Misses {
  const inRow = misses.inRow + 1;
  if (inRow < MISSES_MAX) return { ...misses, inRow };
  const locks = misses.locks + 1;
  return { inRow: 0, locks, bootId: now.bootId, lockedUntilMs: now.nowMs + lockLength(locks) };
}

function lockLength(locks: number): number {
  return Math.min(LOCK_MS_MAX, LOCK_MS * 2 ** (locks - 1));
}

/** Why a text is no PIN; undefined when it is one. */
export function judgePin(pin: string): string | undefined {
  return /^[\x21-\x7e]{4,64}$/.test(pin) ? undefined : "a PIN has 4 to 64 letters, digits or signs, and no space";
}
