import type { DivergenceItem } from "./divergence.ts";

/** What a report says, in one sentence for people: what differs, the worst first; or that all went as expected. */
export function summaryOf(items: readonly DivergenceItem[]): string {
  const notable = items.filter(({ size }) => size !== "none");
  if (notable.length === 0) return "Everything went as projected.";
  const order = ["critical", "material", "minor"];
  const sorted = notable.toSorted((a, b) => order.indexOf(a.size) - order.indexOf(b.size));
  const parts = sorted.map((item) => `${SENTENCES[item.kind](item)} (${item.size})`);
  const text = parts.join(", ");
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

type Sentence = (item: DivergenceItem) => string;

const SENTENCES: Readonly<Record<DivergenceItem["kind"], Sentence>> = {
  position: ({ delta }) => `the robot is ${delta.toFixed(1)} m from where it was projected`,
  progress: ({ delta }) => `its work is ${percent(delta)} ${delta > 0 ? "further" : "less far"} than projected`,
  battery: ({ delta }) => `it has ${percent(delta)} ${delta > 0 ? "more" : "less"} charge than projected`,
  outcome: ({ projected, actual }) => `the contract is ${textOf(actual)}, and was projected as ${textOf(projected)}`,
  inventory: ({ delta }) => `what is on board differs by ${delta}`,
  coverage: ({ delta }) =>
    `it has covered ${percent(delta)} ${delta > 0 ? "more" : "less"} of the floor than projected`,
  timing: ({ delta }) => `it ends ${Math.abs(delta).toFixed(0)} s ${delta > 0 ? "later" : "earlier"} than projected`,
};

function textOf(value: DivergenceItem["actual"]): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function percent(share: number): string {
  return `${(Math.abs(share) * 100).toFixed(0)} %`;
}
