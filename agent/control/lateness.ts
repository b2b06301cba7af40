/** How late ticks came after their deadlines, as a histogram that never grows. */
export interface Lateness {
  record(latenessMs: number): void;
  maxMs(): number;
  /** The value that a share of the ticks did not exceed, to a quarter of a millisecond; at most 50 ms. */
  quantileMs(share: number): number;
}

const BUCKET_MS = 0.25;
const BUCKETS = 200;

export function createLateness(): Lateness {
  const counts = new Uint32Array(BUCKETS);
  let total = 0;
  let longestMs = 0;
  return {
    record(latenessMs) {
      const bucket = Math.min(BUCKETS - 1, Math.floor(latenessMs / BUCKET_MS));
      counts[bucket] = counts[bucket]! + 1;
      total++;
      longestMs = Math.max(longestMs, latenessMs);
    },
    maxMs: () => longestMs,
    quantileMs(share) {
      let below = 0;
      const bucket = counts.findIndex((count) => (below += count) >= share * total);
      return total === 0 ? 0 : Math.min(longestMs, (bucket + 1) * BUCKET_MS);
    },
  };
}
