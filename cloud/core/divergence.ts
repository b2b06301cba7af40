import { z } from "zod";
import { CleanInputs, DEFAULT_TARGET } from "#contract/actions";
import { Timestamp, Uuid7 } from "#contract/identifiers";
import type { ContractState } from "#contract/state";
import { isFinal, type ContractStatus } from "#contract/status";
import { timestamp } from "#lib/clock";
import { isDone, stageUnderWay, type ProjectionBasis } from "./basis.ts";
import { summaryOf } from "./divergence-text.ts";
import { project, type Projection } from "./projection.ts";

export const DivergenceKind = z.enum(["position", "progress", "battery", "outcome", "inventory", "timing", "coverage"]);
export type DivergenceKind = z.infer<typeof DivergenceKind>;

/** Ascending. From `material` on the plan of others may be wrong as well. */
export const DivergenceSize = z.enum(["none", "minor", "material", "critical"]);
export type DivergenceSize = z.infer<typeof DivergenceSize>;

export const DivergenceItem = z.object({
  kind: DivergenceKind,
  projected: z.json(),
  actual: z.json(),
  delta: z.number().meta({ description: "metres, share, seconds, or a count: see `unit`" }),
  unit: z.enum(["m", "1", "s"]),
  size: DivergenceSize,
});
export type DivergenceItem = z.infer<typeof DivergenceItem>;

/** How wrong the projection was at the moment `at`, of which both sides speak. */
export const DivergenceReport = z.object({
  contractId: Uuid7,
  at: Timestamp,
  items: z.array(DivergenceItem),
  summary: z.string().exactOptional().meta({ description: "one sentence for people" }),
});
export type DivergenceReport = z.infer<typeof DivergenceReport>;

const Limit = z.number().positive();

/** From which absolute difference on a divergence has a size: metres, shares or seconds. */
const Thresholds = z
  .strictObject({ minor: Limit, material: Limit, critical: Limit })
  .refine(({ minor, material, critical }) => minor < material && material < critical, "minor < material < critical");
type Thresholds = Readonly<z.infer<typeof Thresholds>>;

/** Thresholds of a policy; what it leaves out is as usual. */
export const DivergenceSizes = z.strictObject({
  position: Thresholds.exactOptional(),
  progress: Thresholds.exactOptional(),
  battery: Thresholds.exactOptional(),
  timing: Thresholds.exactOptional(),
});

/** From which absolute difference on a divergence has a size. */
export const DIVERGENCE_SIZES: Readonly<Record<"position" | "progress" | "battery" | "timing", Thresholds>> = {
  position: { minor: 0.5, material: 2, critical: 10 },
  progress: { minor: 0.05, material: 0.2, critical: 0.5 },
  battery: { minor: 0.02, material: 0.1, critical: 0.25 },
  timing: { minor: 10, material: 60, critical: 300 },
};

/** What was believed when the link was lost, and what is known now. */
export interface Comparison {
  readonly before: ProjectionBasis;
  readonly after: ProjectionBasis & { readonly state: ContractState };
  /** When the device was back, by its own wall clock. */
  readonly returnedAtMs: number;
}

/**
 * Compares what `before` projects with what `after` knows, at one moment: the newest sighting of a contract under way, or
 * the return of a device whose contract has ended (it stays where it was seen last).
 */
export function compare(comparison: Comparison, sizes = DIVERGENCE_SIZES): DivergenceReport {
  const { before, after, returnedAtMs } = comparison;
  const { state, track } = after;
  const atMs = isFinal(state.status) ? returnedAtMs : (track.pose?.atMs ?? returnedAtMs);
  const projected = project(before, atMs);
  const items = [
    ...position(
      projected,
      after,
      isCleaning(before) ? { ...sizes.position, material: Infinity, critical: Infinity } : sizes.position,
    ),
    ...progress(projected, after, atMs, sizes.progress),
    ...battery(before, after, sizes.battery),
    ...outcome(projected, state),
    ...inventory(projected, after),
    ...timing(projected, after, atMs, sizes.timing),
    ...coverage(projected, after, sizes.progress),
  ];
  return { contractId: state.contractId, at: timestamp(atMs), items, summary: summaryOf(items) };
}

/** The largest size in a report. */
export function largestSize(report: DivergenceReport): DivergenceSize {
  const order = DivergenceSize.options;
  return order[Math.max(0, ...report.items.map((item) => order.indexOf(item.size)))]!;
}

function position(projected: Projection, after: ProjectionBasis, limits: Thresholds): DivergenceItem[] {
  const [expected, actual] = [projected.pose?.value, after.track.pose?.value];
  if (!expected || !actual) return [];
  const delta = Math.hypot(actual[0] - expected[0], actual[1] - expected[1]);
  return [{ kind: "position", projected: expected, actual, delta, unit: "m", size: sizeOf(delta, limits) }];
}

/** Where in its area a cleaner is follows from how much it has covered, which is compared by itself. */
function isCleaning({ state }: ProjectionBasis): boolean {
  return state !== undefined && stageUnderWay(state)?.action === "clean";
}

/** What is covered of the floor, beside what should be by the share of the stage that is projected. */
function coverage(projected: Projection, after: Comparison["after"], limits: Thresholds): DivergenceItem[] {
  const { stageId, stageShare = 0 } = projected.contract ?? {};
  const stage = after.contract?.stages.find((each) => each.stageId === stageId);
  const actual = after.state.stages.find((each) => each.stageId === stageId)?.coverage?.share;
  const inputs = stage?.action === "clean" ? CleanInputs.safeParse(stage.inputs).data : undefined;
  if (!inputs || actual === undefined) return [];
  return [numeric("coverage", stageShare * (inputs.target ?? DEFAULT_TARGET), actual, "1", limits)];
}

function progress(
  projected: Projection,
  after: Comparison["after"],
  atMs: number,
  limits: Thresholds,
): DivergenceItem[] {
  const expected = projected.contract?.progress.value;
  if (expected === undefined) return [];
  const actual = project(after, atMs).contract!.progress.value;
  return [numeric("progress", expected, actual, "1", limits)];
}

/** At the moment of its own sighting: a charge is seldom reported together with a pose. */
function battery(before: ProjectionBasis, after: ProjectionBasis, limits: Thresholds): DivergenceItem[] {
  const seen = after.track.battery;
  const expected = seen && project(before, seen.atMs).battery?.value;
  return seen && expected !== undefined ? [numeric("battery", expected, seen.value, "1", limits)] : [];
}

/** Whether the contract stands as was projected: an ending nobody projected is critical, a mere delay is told by `timing`. */
function outcome(projected: Projection, state: ContractState): DivergenceItem[] {
  const expected = projected.contract?.status;
  if (expected === undefined) return [];
  const actual = state.status;
  const size = outcomeSize(expected, actual);
  return [{ kind: "outcome", projected: expected, actual, delta: size === "none" ? 0 : 1, unit: "1", size }];
}

function outcomeSize(expected: ContractStatus, actual: ContractStatus): DivergenceSize {
  if (expected === actual) return "none";
  if (actual === "completed" || actual === "running" || actual === "accepted") return "minor";
  return isFinal(actual) ? "critical" : "material";
}

/** What is on board. A difference that the stages really done explain is minor: the rest of the work will even it out. */
function inventory(projected: Projection, after: Comparison["after"]): DivergenceItem[] {
  const expected = projected.contract?.load;
  if (!expected) return [];
  const actual = after.state.load;
  const delta = difference(expected, actual);
  const isExplained = difference(plannedLoad(after), actual) === 0;
  const size = delta === 0 ? "none" : isExplained ? "minor" : "material";
  return [{ kind: "inventory", projected: { ...expected }, actual: { ...actual }, delta, unit: "1", size }];
}

/** What the contract says is on board after the stages that are really done. */
function plannedLoad({ contract, state }: Comparison["after"]): Readonly<Record<string, number>> {
  const done = new Set(state.stages.filter(isDone).map((stage) => stage.stageId));
  const load: Record<string, number> = {};
  for (const stage of contract?.stages ?? []) {
    if (!done.has(stage.stageId)) continue;
    const { sku, quantity } = stage.inputs;
    if (stage.action === "place") for (const held of Object.keys(load)) delete load[held];
    if (stage.action === "pick" && typeof sku === "string") load[sku] = (load[sku] ?? 0) + Number(quantity);
  }
  return load;
}

function difference(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): number {
  const skus = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return skus.reduce((sum, sku) => sum + Math.abs((a[sku] ?? 0) - (b[sku] ?? 0)), 0);
}

/** When the contract ends: then projected, now projected or known. */
function timing(projected: Projection, after: Comparison["after"], atMs: number, limits: Thresholds): DivergenceItem[] {
  const expectedMs = projected.contract?.endsAtMs;
  const actualMs = project(after, atMs).contract?.endsAtMs;
  if (expectedMs === undefined || actualMs === undefined) return [];
  const delta = (actualMs - expectedMs) / 1000;
  const size = sizeOf(delta, limits);
  return [{ kind: "timing", projected: timestamp(expectedMs), actual: timestamp(actualMs), delta, unit: "s", size }];
}

function numeric(
  kind: "progress" | "battery" | "coverage",
  projected: number,
  actual: number,
  unit: "1",
  limits: Thresholds,
): DivergenceItem {
  const delta = actual - projected;
  return { kind, projected, actual, delta, unit, size: sizeOf(delta, limits) };
}

function sizeOf(delta: number, limits: Thresholds): DivergenceSize {
  const magnitude = Math.abs(delta);
  if (magnitude >= limits.critical) return "critical";
  if (magnitude >= limits.material) return "material";
  return magnitude >= limits.minor ? "minor" : "none";
}
