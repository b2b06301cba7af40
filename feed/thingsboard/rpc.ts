import { z } from "zod";
import type { Scalar } from "./entries.ts";
import type { RpcMethod } from "./settings.ts";
import type { RpcRequest } from "./dialect.ts";

/** What is answered to ThingsBoard; a refusal says why. */
export type RpcAnswer =
  | ({ readonly ok: true } & Readonly<Record<string, unknown>>)
  | { readonly ok: false; readonly reason: string; readonly detail: string };

/** The robots that are fed, as who feeds them knows them. */
export interface FedRobots {
  list(): readonly string[];
  /** What is shown of a robot beside its telemetry. */
  attributes(deviceId: string): Readonly<Record<string, Scalar>>;
  status(deviceId: string): RpcAnswer;
  /** Holds the work of a robot under `holdId`; holding twice is one hold. */
  hold(deviceId: string, holdId: string, reason: string | undefined): Promise<RpcAnswer>;
  /** Lifts the hold `holdId` and no other. */
  resume(deviceId: string, holdId: string): Promise<RpcAnswer>;
}

/** Who asks: its holds carry its name, so that it lifts none but its own. */
export interface Asker {
  readonly holdId: string;
  readonly allowed: readonly RpcMethod[];
}

/** Does what is asked, and answers. */
export async function answerRpc(
  { deviceId, method, params }: Pick<RpcRequest, "deviceId" | "method" | "params">,
  { holdId, allowed }: Asker,
  robots: FedRobots,
): Promise<RpcAnswer> {
  const known = allowed.find((one) => one === method);
  if (known === undefined)
    return refusal("forbidden", `only ${allowed.join(", ") || "nothing"} may be asked here (rpc)`);
  if (!robots.list().includes(deviceId)) return refusal("unknown_device", `${deviceId} is no robot that is fed here`);
  if (known === "status") return robots.status(deviceId);
  if (known === "resume") return robots.resume(deviceId, holdId);
  const words = HoldWords.safeParse(params ?? {});
  return robots.hold(deviceId, holdId, words.success ? words.data.reason : undefined);
}

/** Dashboards send whatever their buttons are set to; what is no reason is none. */
const HoldWords = z.object({ reason: z.string().min(1).max(500).optional() });

function refusal(reason: string, detail: string): RpcAnswer {
  return { ok: false, reason, detail };
}
