/**
 * The value that a share of the samples did not exceed, by the nearest rank.
 *
 * @param samples in any order; none gives NaN
 * @param share between 0 (the least) and 1 (the greatest)
 */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
