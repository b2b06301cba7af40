import type { Share, Metres, MetresPerSecond, Seconds } from "#lib/units";

/** What `holdfast sim run --json` prints; the names are a promise to other programs. */
export interface SimulationResult {
  readonly scenario: string;
  readonly seed: number;
  /** Parameters of this run, where the scenario has a matrix. */
  readonly matrix?: Readonly<Record<string, unknown>>;
  /** Hex SHA-256 over everything that happened; equal for equal seed, commit, Node version and CPU architecture. */
  readonly digest: string;
  readonly outcome: "passed" | "failed";
  readonly expectations: readonly Expectation[];
  readonly virtualSeconds: Seconds;
  readonly wallSeconds: Seconds;
  readonly realTimeFactor: number;
  readonly devices: readonly DeviceResult[];
  /** Faults that waited for the end of a stage until the run was over, in words; absent when there are none. */
  readonly neverHappened?: readonly string[];
  readonly cloud: {
    readonly modes: readonly { readonly deviceId: string; readonly at: string; readonly mode: string }[];
    /** Contracts that no device took, and why; absent when there are none. */
    readonly refusals?: readonly { readonly contract: string; readonly reason: string }[];
    readonly reconciliations: readonly { readonly deviceId: string; readonly divergence: unknown }[];
  };
}

/** What a reader of a result should know besides its expectations, a line each. */
export function remarksOf({ cloud, neverHappened = [] }: Pick<SimulationResult, "cloud" | "neverHappened">): string[] {
  return [
    ...(cloud.refusals ?? []).map(({ contract, reason }) => `not taken: ${contract}: ${reason}`),
    ...neverHappened.map((what) => `never happened: ${what}`),
  ];
}

export interface Expectation {
  readonly name: string;
  readonly ok: boolean;
  /** What was found, in words. */
  readonly detail: string;
}

export interface DeviceResult {
  readonly id: string;
  readonly contracts: readonly ContractResult[];
  readonly distance: Metres;
  readonly meanSpeed: MetresPerSecond;
  readonly minClearance: Metres;
  readonly collisions: number;
  readonly keepoutViolations: number;
  readonly speedViolations: number;
  /** Share of the dirty floor that it was the first to clean, by the true way of its tool. */
  readonly coverage?: Share;
  /** Passes over floor that was clean already, for each part of it that it was the first to clean. */
  readonly coverageOverlap?: number;
  /** From the start of its first contract to the end of its last, when all were completed. */
  readonly timeToGoal?: Seconds;
  readonly batteryUsed: Share;
}

export interface ContractResult {
  readonly contractId: string;
  readonly name?: string;
  readonly status: string;
  readonly stages: readonly StageResult[];
}

export interface StageResult {
  readonly stageId: string;
  readonly action: string;
  readonly status: string;
  readonly attempts: number;
  readonly startedAt?: string;
  readonly endedAt?: string;
}
