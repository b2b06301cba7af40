/** A token bucket: `perSecond` on average, `burst` at once. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** How full a bucket was, and when. */
export interface Bucket {
  readonly left: number;
  readonly atMs: number;
}

/** Whether one more request may pass. `waitSeconds` is 0 if so, else how long it takes until one may. */
export function takeFrom(
  bucket: Bucket | undefined,
  { perSecond, burst }: RateLimit,
  nowMs: number,
): { readonly bucket: Bucket; readonly waitSeconds: number } {
  const before = bucket ?? { left: burst, atMs: nowMs };
  const left = Math.min(burst, before.left + ((nowMs - before.atMs) / 1000) * perSecond);
  if (left >= 1) return { bucket: { left: left - 1, atMs: nowMs }, waitSeconds: 0 };
  return { bucket: { left, atMs: nowMs }, waitSeconds: (1 - left) / perSecond };
}
