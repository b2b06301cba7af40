import type { SimulationResult } from "../result.ts";

/** One value for each parameter of a scenario's matrix. */
export type Parameters = Readonly<Record<string, unknown>>;

export interface RunOptions {
  /** Seed of everything random; 1 unless given. */
  readonly seed?: number;
  /** Of a scenario with a matrix, the values of this run (one of `variants()`). */
  readonly with?: Parameters;
  /** Folder for `report.html`, `.svg` and `.png`; none is made if absent. */
  readonly report?: string;
}

/** A scenario file, to be run as often as wanted. */
export interface ScenarioTest {
  /** The parameters of every run that its matrix stands for; one without parameters if it has none. */
  variants(): readonly Parameters[];
  /** Runs it in virtual time, in this process. Rejects when the file is wrong, naming file, line, path and expectation. */
  run(options?: RunOptions): Promise<SimulationResult>;
}

/** `file` is a path (from the working directory) or a URL, such as `new URL("./dock.yaml", import.meta.url)`. */
export declare function scenario(file: string | URL): ScenarioTest;

export type { SimulationResult };

declare module "vitest" {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /** Every expectation of the scenario holds. */
    toHavePassed(): R;
    /** The contract (id or name) was completed. */
    toHaveFulfilled(contract: string): R;
    /** The robot (any robot if none is named) moved into something. */
    toHaveCollided(robot?: string): R;
    /** The cloud reconciled projection and fact of the device (of any if none is named). */
    toHaveReconciled(device?: string): R;
    /** The expression (CEL, as in `expect` of a scenario) is true of the result. */
    toHold(expression: string): R;
  }
}
