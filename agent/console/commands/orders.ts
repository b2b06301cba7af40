import { activeContract } from "#contract/reducer";
import { mayClear, type ConsoleOrder } from "../../core/console-orders.ts";
import type { CommandContext, ConsoleCommand } from "../core/command.ts";
import { contractLine } from "../core/condition.ts";
import { confirmed } from "../core/confirmation.ts";
import { ok, refused, said, type Reply } from "../core/reply.ts";

const ORDER = { role: "technician", needsAgent: true, actions: "order" } as const;
const REASON_CHARS_MAX = 200;

/** Stopping is never asked about. */
export const hold: ConsoleCommand = {
  ...ORDER,
  name: "hold",
  usage: "[REASON]",
  summary: "stop and stay, without asking",
  wordsMax: 40,
  run: ({ words }, context) =>
    carryOut({ type: "hold", reason: words.join(" ").slice(0, REASON_CHARS_MAX) || "held on the console" }, context),
};

export const resume: ConsoleCommand = {
  ...ORDER,
  name: "resume",
  usage: "",
  summary: "clear the console's hold, and those that wait for a human",
  wordsMax: 0,
  async run(_args, context) {
    const why = whyNotResume(context);
    if (why) return why;
    return (await confirmed(context, "the robot will move")) ?? carryOut({ type: "resume" }, context);
  },
};

export const abort: ConsoleCommand = {
  ...ORDER,
  name: "abort",
  usage: "",
  summary: "end the contract for good",
  wordsMax: 0,
  async run(_args, context) {
    const active = activeContract(context.facts().state);
    if (!active) return NO_CONTRACT;
    const what = `contract ${active.name ?? active.contractId} ends for good`;
    const reason = `aborted on ${context.actor}`;
    return (await confirmed(context, what)) ?? carryOut({ type: "abort", reason }, context);
  },
};

const NO_CONTRACT = refused("no_contract", "the robot has no contract");

/** What keeps the robot from moving although the console's hold would be gone, by the name of the constraint. */
function whyNotResume({ facts }: CommandContext): Reply | undefined {
  const { state, live } = facts();
  const active = activeContract(state);
  if (!active) return NO_CONTRACT;
  if (active.holds.length === 0) return refused("not_held", `nothing to resume: ${contractLine(active)}`);
  const estop = live?.safety.faults.find(({ part }) => part === "estop");
  if (estop) return refused("estop", `the emergency stop is pressed (${estop.reason}); no command clears it`);
  if (live?.safety.mode === "stopped") return refused("safety", live.safety.reason ?? "the robot may not move");
  const broken = live?.violations[0];
  if (broken) return refused(broken.code, broken.detail);
  if (!active.holds.some(mayClear)) return heldByOthers(active.holds);
  return undefined;
}

function heldByOthers(holds: readonly { readonly by: string; readonly reason: string }[]): Reply {
  return refused("held_by_others", `held by ${holds.map(({ by, reason }) => `${by} (${reason})`).join(", ")}`);
}

async function carryOut(order: ConsoleOrder, context: CommandContext): Promise<Reply> {
  const { technician, actor, facts } = context;
  const command = order.type === "hold" ? `hold ${order.reason}` : order.type;
  const decision = await technician!.order(order, { actor, command });
  if (!decision.ok) return decision.reason === "no_contract" ? NO_CONTRACT : refused(decision.reason, order.type);
  const active = activeContract(facts().state);
  if (!active) return said("the contract has ended");
  const others = active.holds.filter(({ by }) => by !== "console");
  const still =
    others.length === 0 ? "" : `; still held by ${others.map(({ by, reason }) => `${by} (${reason})`).join(", ")}`;
  return ok({
    lines: [`${contractLine(active)}${order.type === "hold" ? "" : still}`],
    records: [{ contractId: active.contractId, status: active.status, holds: active.holds }],
  });
}
