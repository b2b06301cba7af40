import { sleep, type Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { HandlingResult, LoadHandler } from "#drivers/driver";
import type { Control } from "../control/control.ts";
import type { ToolResult, Verification } from "../core/situation.ts";
import type { ToolRequest } from "./tool.ts";

/** What the actions of the hand need. */
export interface HandlingDeps {
  readonly clock: Clock;
  readonly control: Control;
  /** Absent on a device without a hand. */
  readonly load: LoadHandler | undefined;
}

const STILL_SPEED = 0.02;
const STANDSTILL_WITHIN_MS = 3000;
const STANDSTILL_POLL_MS = 100;

/**
 * One action of the hand: waits until the robot stands still, asks for permission a last time, acts. The hand finishes what
 * it began, so being broken off leaves the attempt in doubt, and so does a device that does not answer.
 */
export async function handle(
  deps: HandlingDeps,
  request: ToolRequest,
  signal: AbortSignal,
  run: (load: LoadHandler) => Promise<HandlingResult>,
): Promise<ToolResult> {
  const { load } = deps;
  if (!load) return { type: "failed", code: "tool_missing", detail: "the device has no hand" };
  if (!(await standStill(deps, signal)) || !request.permit().ok) return { type: "interrupted" };
  try {
    return { type: "done", output: { ...(await run(load)) } };
  } catch (thrown) {
    return failureOf(thrown);
  }
}

/** What the hand remembers of an attempt; `recall` gives the output of one that it completed. */
export async function verifyHandling(
  { load }: HandlingDeps,
  { key }: ToolRequest,
  recall: (load: LoadHandler) => Promise<HandlingResult>,
): Promise<Verification> {
  if (!load) return { answer: "unknown", detail: "the device has no hand to ask" };
  const answer = await load.verify(key);
  if (answer === "not-done") return { answer };
  if (answer === "unknown") return { answer, detail: "the hand has lost its memory" };
  return { answer, output: { ...(await recall(load)) } };
}

/** A driver that says `driver.failed` has done nothing; one that did not answer may have. */
function failureOf(thrown: unknown): ToolResult {
  if (!(thrown instanceof AgentError) || !thrown.code.startsWith("driver.")) throw thrown;
  const type = thrown.code === "driver.failed" ? "failed" : "in-doubt";
  return { type, code: thrown.code.replace(".", "_"), detail: thrown.message };
}

async function standStill({ clock, control }: HandlingDeps, signal: AbortSignal): Promise<boolean> {
  const untilMs = clock.nowMs() + STANDSTILL_WITHIN_MS;
  while (!signal.aborted) {
    const { velocity } = control.report() ?? { velocity: { linear: 0, angular: 0 } };
    const isStill = Math.abs(velocity.linear) <= STILL_SPEED && Math.abs(velocity.angular) <= STILL_SPEED;
    // The hand itself refuses to act on a robot that moves, and says so in its own words.
    if (isStill || clock.nowMs() >= untilMs) return true;
    await sleep(clock, STANDSTILL_POLL_MS);
  }
  return false;
}
