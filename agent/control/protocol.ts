import type { ErrorCode } from "#lib/errors";
import type { ClockScale } from "#lib/node/system-clock";
import type { ControlWorld, Goal, MotionProfile, MotionReport } from "./control.ts";
import type { MotionDriversConfig } from "./motion-drivers.ts";

/** What the motion worker is started with. */
export interface MotionWorkerConfig {
  /** Makes the worker's clock show the same time as that of the main thread. */
  readonly clockScale: ClockScale;
  readonly profile: MotionProfile;
  readonly drivers: MotionDriversConfig;
}

/** What the main thread tells the motion worker; none of it is answered. */
export type MotionRequest =
  | { readonly type: "world"; readonly world: ControlWorld }
  | { readonly type: "goal"; readonly goal: Goal }
  | { readonly type: "stop" }
  | { readonly type: "close" };

/** What the motion worker tells: first `started` or `failed`, then a report each tick; `failed` is its last word. */
export type MotionNotice =
  | { readonly type: "started" }
  | { readonly type: "report"; readonly report: MotionReport }
  | { readonly type: "failed"; readonly error: MotionFailure };

/** An error by its parts, because classes don't survive the crossing. */
export interface MotionFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}
