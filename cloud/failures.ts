import { z } from "zod";
import { FailureRule, type Strategy } from "#contract/contract";
import { holds as isTrue, judge, type FailureFacts, type Judgement } from "./core/policy/judgement.ts";
import { CLOUD_HOLD, issueCommand } from "./commands.ts";
import { type CloudContext, logOp } from "./context.ts";
import { raise } from "./exceptions.ts";
import { lockingContract, modeOf, type Device } from "./fleet.ts";
import type { StoreOp } from "./io/store-ops.ts";
import type { ContractRow, LogEntry } from "./io/store-rows.ts";
import { present } from "./present.ts";

/** A failure that the cloud has found out by itself. */
export interface CloudFailure {
  readonly code: string;
  readonly detail: string;
  readonly stageId: string;
  readonly action: string;
}

const ENTRIES_MAX = 1000;

/** What was found out about a contract before, oldest first. */
export async function earlierFailures(context: CloudContext, contractId: string): Promise<readonly LogEntry[]> {
  const told = await context.store.logAfter(0, ENTRIES_MAX, { contractId });
  return told.filter((entry) => entry.type === "failure.detected");
}

/**
 * What the policy in a contract says about a failure that its device has not told: the same rules that the device has, so
 * that both decide alike. `retrying` is impossible where nobody is there to try again.
 */
export function consult(
  device: Device,
  row: ContractRow,
  failure: CloudFailure,
  attempt: { readonly retries: number; readonly retrying: FailureFacts["retrying"] },
): Judgement {
  const stage = row.contract.stages.find(({ stageId }) => stageId === failure.stageId);
  const { rules, fallback } = row.contract.failurePolicy;
  const book = { rules: [...(stage?.onFailure ?? []), ...rules], fallback };
  return judge(book, factsOf(device, row, failure, attempt));
}

/**
 * Takes a failure to the policy and does what it says: `retry` interrupts the stage and lets it begin anew, `reassign` calls
 * the contract back (a device out of reach keeps it until its lease has ended), `escalate` asks a person, `hold` pauses until
 * the rule's condition holds, `abort` cancels. Runs in the device's turn.
 */
export async function answerFailure(
  context: CloudContext,
  device: Device,
  row: ContractRow,
  failure: CloudFailure & { readonly mark: string },
): Promise<void> {
  const { contractId, epoch } = row;
  const { deviceId } = device;
  const { code, detail, stageId, action, mark } = failure;
  const earlier = await earlierFailures(context, contractId);
  // Nothing has changed since it was answered; only a retry is expected to change something.
  const isAnswered = earlier.some(
    ({ data }) => data["mark"] === mark && data["code"] === code && data["strategy"] !== "retry",
  );
  if (isAnswered) return;
  const retries = earlier.filter(({ data }) => data["strategy"] === "retry" && data["stageId"] === stageId).length;
  const retrying = modeOf(device) === "live" ? "possible" : "impossible";
  const { strategy, rule, by } = consult(device, row, failure, { retries, retrying });
  const { policy } = row.contract.failurePolicy;
  const data = { code, detail, stageId, action, strategy, by, mark, ...present({ hold: rule?.hold, policy }) };
  context.log.warn({ deviceId, contractId, code, strategy }, "failure detected");
  await context.store.commit([
    logOp(context, { type: "failure.detected", deviceId, contractId, data }),
    ...(strategy === "escalate" ? raise(context, { code, severity: "HIGH", detail, deviceId, contractId }) : []),
  ]);
  if (strategy === "retry") delete device.watched;
  for (const command of COMMANDS[strategy]) {
    if (command === "revoke" && modeOf(device) === "projected") continue;
    const holdId = command === "hold" || command === "resume" ? { holdId: CLOUD_HOLD } : {};
    await issueCommand(context, device, { type: command, contractId, epoch, ...holdId });
  }
}

const COMMANDS: Readonly<Record<Strategy, readonly ("hold" | "resume" | "revoke" | "cancel")[]>> = {
  retry: ["hold", "resume"],
  reassign: ["revoke"],
  escalate: [],
  hold: ["hold"],
  abort: ["cancel"],
};

/** Ends a pause that the policy has asked for: when its condition holds, or in front of a person when its time is up. */
export async function lookAtHold(context: CloudContext, device: Device): Promise<void> {
  const row = pausedContract(device);
  const last = row && (await earlierFailures(context, row.contractId)).at(-1);
  const pause = last && PauseEntry.safeParse(last.data);
  if (!row || !last || !pause?.success) return;
  const { hold = {}, ...failure } = pause.data;
  const { contractId, epoch, deviceId } = row;
  const tell = (strategy: "resume" | "escalate"): StoreOp =>
    logOp(context, { type: "failure.detected", deviceId, contractId, data: { ...failure, strategy } });
  const facts = factsOf(device, row, failure, { retries: 0, retrying: "possible" });
  if (hold.until !== undefined && isTrue(hold.until, facts)) {
    await context.store.commit([tell("resume")]);
    await issueCommand(context, device, { type: "resume", contractId, epoch, holdId: CLOUD_HOLD });
    return;
  }
  const { deadlineSeconds = Infinity } = hold;
  if (context.clock.wallMs() - Date.parse(last.at) <= deadlineSeconds * 1000) return;
  const detail = `${failure.detail}; the pause was to end within ${deadlineSeconds} s`;
  const exception = { code: failure.code, severity: "HIGH", detail, deviceId, contractId } as const;
  await context.store.commit([tell("escalate"), ...raise(context, exception)]);
}

/** The last thing that was found out about a contract, where the answer was a pause. */
const PauseEntry = z.object({
  strategy: z.literal("hold"),
  code: z.string(),
  detail: z.string(),
  stageId: z.string(),
  action: z.string(),
  hold: FailureRule.shape.hold,
});

/** The contract that the cloud has paused, of a device that is there to go on. */
function pausedContract(device: Device): ContractRow | undefined {
  const row = lockingContract(device);
  const holds = row ? (device.state.contracts[row.contractId]?.holds ?? []) : [];
  const isPaused = holds.some(({ by, holdId }) => by === "cloud" && holdId === CLOUD_HOLD);
  return isPaused && modeOf(device) === "live" ? row : undefined;
}

function factsOf(
  device: Device,
  { contract, contractId }: ContractRow,
  { code, stageId, action }: CloudFailure,
  { retries, retrying }: { readonly retries: number; readonly retrying: FailureFacts["retrying"] },
): FailureFacts {
  const load = device.state.contracts[contractId]?.load ?? {};
  const isLoaded = Object.keys(load).length > 0;
  const inputs = contract.stages.find((stage) => stage.stageId === stageId)?.inputs ?? {};
  const { pose, battery } = device.track;
  const [x, y, yaw] = pose?.value ?? [];
  const seen = present({ battery: battery?.value, pose: pose && { x, y, yaw } });
  const robot = { ...seen, loaded: isLoaded, online: modeOf(device) === "live" };
  return {
    code,
    severity: contract.failurePolicy.severities?.[code] ?? "major",
    stageId,
    action,
    attempt: retries + 1,
    retries,
    retrying,
    isLoaded,
    context: { contract, robot, inputs },
  };
}
