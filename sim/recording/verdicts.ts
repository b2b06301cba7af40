import { suspectsOf, type Unjudged } from "../expectations.ts";
import type { ExpectationRecord, Mark } from "../record.ts";
import type { Expectation } from "../result.ts";
import type { Metrics } from "../world/metrics.ts";
import type { Seconds } from "#lib/units";

/** Follows expectations through a run, to tell afterwards since when a missed one was missed. */
export class VerdictWatch {
  readonly #heldUntil = new Map<string, { heldAt: Seconds; missedAt: Seconds | undefined }>();

  /** Takes in what the expectations would say if the run ended at `t`. */
  judged(t: Seconds, expectations: readonly Expectation[]): void {
    for (const { name, ok } of expectations) {
      const known = this.#heldUntil.get(name);
      if (ok) this.#heldUntil.set(name, { heldAt: t, missedAt: undefined });
      else if (known) known.missedAt ??= t;
    }
  }

  /** Between which two looks an expectation stopped to hold for good; undefined when it never held. */
  lostBetween(name: string): { readonly heldAt: Seconds; readonly missedAt: Seconds } | undefined {
    const known = this.#heldUntil.get(name);
    return known?.missedAt === undefined ? undefined : { heldAt: known.heldAt, missedAt: known.missedAt };
  }
}

/** Something that a robot did wrong in the world: when, where, what. */
export interface Incident {
  readonly t: Seconds;
  readonly text: string;
  readonly at: readonly [number, number];
}

/** Collisions and violations of a robot in the order of time; `startMs` is the start of the run on the clock of the metrics. */
export function incidentsOf({ collisions, violations }: Metrics, startMs: number): Incident[] {
  const told = [
    ...collisions.map((one) => ({ ...one, text: `ran into ${one.with} at ${Math.abs(one.speed).toFixed(2)} m/s` })),
    ...violations.map((one) => ({
      ...one,
      text: one.kind === "keepout" ? `entered ${one.zone}, where it must not be` : `drove too fast in ${one.zone}`,
    })),
  ];
  return told
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ atMs, text, pose }) => ({ t: (atMs - startMs) / 1000, text, at: [pose.x, pose.y] }));
}

/** What became of each expectation, and where to look for those that were missed. */
export function verdictsOf(
  run: {
    readonly unjudged: Unjudged;
    readonly expected: readonly { readonly name: string; readonly that: string }[];
    readonly expectations: readonly Expectation[];
    readonly incidents: ReadonlyMap<string, readonly Incident[]>;
  },
  watch: VerdictWatch,
): ExpectationRecord[] {
  return run.expectations.map(({ name, detail, ok }, at): ExpectationRecord => {
    if (ok) return { name, detail, verdict: { is: "met" } };
    const devices = suspectsOf(run.unjudged, run.expected[at]!);
    const lost = watch.lostBetween(name);
    if (!lost)
      return { name, detail, verdict: { is: "missed", how: "never-held", t: run.unjudged.virtualSeconds, devices } };
    const causes = devices.flatMap((id) => run.incidents.get(id) ?? []).map(({ t }) => t);
    const cause = causes.toSorted((a, b) => a - b).find((t) => t > lost.heldAt && t <= lost.missedAt);
    return { name, detail, verdict: { is: "missed", how: "became-false", t: cause ?? lost.missedAt, devices } };
  });
}

/** The marks of a robot for what it did wrong and for the expectations that it missed. */
export function violationMarks(
  id: string,
  incidents: readonly Incident[],
  verdicts: readonly ExpectationRecord[],
): Mark[] {
  const missed = verdicts.flatMap(({ name, verdict }): Mark[] => {
    if (verdict.is === "met" || !verdict.devices.includes(id)) return [];
    const text = verdict.how === "never-held" ? `expectation missed at the end: ${name}` : `expectation lost: ${name}`;
    return [{ t: verdict.t, text, kind: "violation" }];
  });
  return [...incidents.map((incident): Mark => ({ ...incident, kind: "violation" })), ...missed];
}
