import { z } from "zod";
import type { Stage } from "#contract/contract";
import type { StageChanges } from "#contract/stage-changes";
import type { StageState } from "#contract/state";

const Codes = z.array(z.string().min(1).max(64)).min(1).max(50);
const Attempts = z.number().int().min(1).max(20);
const Share = z.number().min(0.05).max(1).meta({ unit: "1" });
const Shift = z.number().min(-1).max(1).meta({ unit: "m" });
const Seconds = z.number().min(0).max(600).meta({ unit: "s" });

const common = { codes: Codes.optional(), baseSeconds: Seconds.optional(), capSeconds: Seconds.optional() };

/** One thing that a device may try by itself; `codes` are the failures that it is tried for, all unless given. */
export const LocalFixRule = z.discriminatedUnion("fix", [
  z.strictObject({ fix: z.literal("retry"), attempts: Attempts, ...common }),
  z.strictObject({ fix: z.literal("alternative"), ...common }),
  z.strictObject({ fix: z.literal("slower"), attempts: Attempts, speedShare: Share, ...common }),
  z.strictObject({
    fix: z.literal("other-approach"),
    goalShifts: z
      .array(z.tuple([Shift, Shift]))
      .min(1)
      .max(8),
    ...common,
  }),
  z.strictObject({ fix: z.literal("less-room"), attempts: Attempts, roomShare: Share, ...common }),
]);
export type LocalFixRule = z.infer<typeof LocalFixRule>;

/** Local fixes by action, cheapest first (`config/policies/local-fixes.yaml`). */
export const LocalFixes = z.record(z.string(), z.array(LocalFixRule).max(20));
export type LocalFixes = z.infer<typeof LocalFixes>;

/** A local fix that was chosen: what changes, and how long to wait before it is tried. */
export interface LocalFix {
  readonly fix: LocalFixRule["fix"];
  /** How often this fix was chosen for the stage, this time included. */
  readonly n: number;
  readonly delayMs: number;
  readonly changes?: StageChanges;
}

/**
 * The cheapest fix that is declared for the failure and not used up: the journal counts them, so a restart gives none back.
 * `chance`, from 0 to below 1, spreads the delays.
 */
export function nextFix(
  fixes: LocalFixes,
  { stage, known, code, chance, isContractWide }: FixInput,
): LocalFix | undefined {
  for (const rule of Object.hasOwn(fixes, stage.action) ? fixes[stage.action]! : []) {
    if (!(rule.codes?.includes(code) ?? !isContractWide)) continue;
    const used = known.fixes[rule.fix] ?? 0;
    const changes = changesOf(rule, stage, used);
    if (!changes) continue;
    const delayMs = Math.round(chance * delayBoundMs(rule, used));
    const isChange = Object.keys(changes).length > 0;
    return { fix: rule.fix, n: used + 1, delayMs, ...(isChange && { changes }) };
  }
  return undefined;
}

export interface FixInput {
  readonly stage: Stage;
  readonly known: Pick<StageState, "fixes">;
  /** What the stage failed with. */
  readonly code: string;
  readonly chance: number;
  /** Whether the contract is at fault rather than the stage: then only a fix that names the failure is tried. */
  readonly isContractWide: boolean;
}

/** What the shipped file says. */
export const DEFAULT_LOCAL_FIXES: LocalFixes = {
  navigate: [
    {
      fix: "retry",
      attempts: 1,
      codes: ["blocked", "no_route", "goal_occupied", "budget_exhausted", "driver_failed"],
      baseSeconds: 4,
      capSeconds: 30,
    },
    { fix: "alternative" },
    {
      fix: "slower",
      attempts: 1,
      codes: ["blocked", "timeout", "validation_failed", "speed_exceeded"],
      speedShare: 0.5,
    },
    {
      fix: "other-approach",
      codes: ["goal_occupied", "no_route", "validation_failed"],
      goalShifts: [
        [-0.1, 0],
        [0, 0.1],
        [0, -0.1],
      ],
    },
    { fix: "less-room", attempts: 1, codes: ["blocked", "no_route"], roomShare: 0.5 },
  ],
  pick: handling(),
  place: handling(),
  scan: [{ fix: "retry", attempts: 3, baseSeconds: 0.5, capSeconds: 5 }, { fix: "alternative" }],
  wait: [],
};

/** A hand that says it failed has done nothing, and so has one that verified that it did nothing. */
function handling(): LocalFixRule[] {
  const codes = ["driver_failed", "driver_timeout", "timeout"];
  return [{ fix: "retry", attempts: 2, codes, baseSeconds: 1, capSeconds: 10 }, { fix: "alternative" }];
}

/** Undefined when the fix is used up; empty when it changes nothing but the moment. */
function changesOf(rule: LocalFixRule, stage: Stage, used: number): StageChanges | undefined {
  if ("attempts" in rule && used >= rule.attempts) return undefined;
  switch (rule.fix) {
    case "retry":
      return {};
    case "slower":
      return { speedShare: rule.speedShare ** (used + 1) };
    case "less-room":
      return { roomShare: rule.roomShare ** (used + 1) };
    case "other-approach": {
      const goalShift = rule.goalShifts[used];
      return goalShift && { goalShift };
    }
    case "alternative":
      return alternativeAt(stage, used);
  }
}

function alternativeAt({ action, alternatives }: Stage, at: number): StageChanges | undefined {
  const other = alternatives?.[at];
  return other && { action: other.action ?? action, inputs: other.inputs, alternative: at };
}

function delayBoundMs({ baseSeconds = 0, capSeconds = Infinity }: LocalFixRule, used: number): number {
  return Math.min(capSeconds, baseSeconds * 2 ** used) * 1000;
}
