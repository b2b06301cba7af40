import { quantile } from "#lib/quantile";

/** One thing that was measured. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly samples: readonly number[];
  readonly better: "lower" | "higher";
  /** The limit that the median, or all but the worst hundredth, should keep. */
  readonly goal?: { readonly of: "median" | "p99"; readonly limit: number };
  /** How it was measured, in a few words. */
  readonly how: string;
}

export function median({ samples }: Figure): number {
  return quantile(samples, 0.5);
}

/** What 99 of 100 samples were at least as good as; the worst sample where there are fewer than 100. */
export function p99({ samples, better }: Figure): number {
  return quantile(samples, better === "lower" ? 0.99 : 0.01);
}

/** Whether the goal was met; undefined where there is none. */
export function verdict(figure: Figure): "met" | "missed" | undefined {
  const { goal, better } = figure;
  if (!goal) return undefined;
  const value = goal.of === "median" ? median(figure) : p99(figure);
  const isMet = better === "lower" ? value <= goal.limit : value >= goal.limit;
  return isMet ? "met" : "missed";
}

/** The goal in words: `p99 ≤ 5`. */
export function goalText({ goal, better }: Figure): string {
  return goal ? `${goal.of} ${better === "lower" ? "≤" : "≥"} ${goal.limit}` : "";
}

/** Three significant digits, as no measurement here is better than that. */
export function readable(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
