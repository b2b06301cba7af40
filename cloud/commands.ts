import { type Command, type CommandType, type Reply } from "#contract/messages";
import { topicOf } from "#contract/topics";
import { messageOf } from "#lib/errors";
import { type CloudContext, logOp, nowText } from "./context.ts";
import { type Device, modeOf, sessionOf } from "./fleet.ts";
import type { StoreOp } from "./io/store-ops.ts";
import type { CommandRow } from "./io/store-rows.ts";
import { present } from "./present.ts";

/** What a command is about. */
export interface CommandOrder {
  readonly type: CommandType;
  readonly contractId?: string;
  readonly epoch?: number;
  readonly holdId?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The one hold that the cloud places on a contract; placing it twice is one hold. */
export const CLOUD_HOLD = "cloud";

const RESEND_AFTER_MS = 5_000;
const ANSWERED_REMEMBERED = 32;

/**
 * Records a command and sends it, or keeps it until the device is back. Commands are numbered upwards per device and
 * never overtake each other. Must run in the device's turn.
 */
export async function issueCommand(context: CloudContext, device: Device, order: CommandOrder): Promise<CommandRow> {
  const { deviceId } = device;
  const highest = Math.max(device.state.lastCommand, await context.store.highestCommand(deviceId));
  // Not below the wall clock, so that a cloud restored from a backup does not count below what was already obeyed.
  const n = Math.max(highest + 1, context.clock.wallMs());
  const row: CommandRow = { commandId: context.uuid(), deviceId, n, ...order, createdAt: nowText(context) };
  await context.store.commit([
    { op: "insert-command", row },
    logOp(context, { type: "command", deviceId, ...about(row), data: { commandId: row.commandId, type: row.type } }),
  ]);
  device.commands = [...device.commands, row];
  if (modeOf(device) !== "projected") await send(context, device, row);
  return row;
}

/** Sends again what was not answered: all of it in a new session, what is overdue at any beat. Runs in the turn. */
export async function resendCommands(
  context: CloudContext,
  device: Device,
  when: "new-session" | "beat",
): Promise<void> {
  const nowMs = context.clock.nowMs();
  for (const command of device.commands) {
    const isDue = when === "new-session" || nowMs - (command.sentMs ?? -Infinity) >= RESEND_AFTER_MS;
    if (isDue) await send(context, device, command);
  }
}

/** Records the answer to a command; says whether it was one of ours that waited. Runs in the device's turn. */
export async function settleCommand(context: CloudContext, device: Device, reply: Reply): Promise<boolean> {
  const command = device.commands.find((waiting) => waiting.commandId === reply.inReplyTo);
  if (!command) return false;
  const { result, reason, seq } = reply;
  await finish(context, device, command, present({ result, reason, seq }));
  return true;
}

/**
 * Takes back what was to revoke a contract: a revoke of an older session must not end what that session has accepted after
 * all. The device may have obeyed it before; then its journal says so. Runs in the device's turn.
 */
export async function withdrawRevoke(context: CloudContext, device: Device, contractId: string): Promise<void> {
  const open = device.commands.filter((command) => command.type === "revoke" && command.contractId === contractId);
  for (const command of open) await finish(context, device, command, { result: "withdrawn" });
}

type Answer = Pick<CommandRow, "reason" | "seq"> & { readonly result: NonNullable<CommandRow["result"]> };

async function finish(context: CloudContext, device: Device, command: CommandRow, answer: Answer): Promise<void> {
  const { commandId, type } = command;
  const at = nowText(context);
  const op: StoreOp = { op: "settle-command", commandId, at, ...answer };
  const data = { commandId, type, ...answer };
  await context.store.commit([
    op,
    logOp(context, { type: "command", deviceId: device.deviceId, ...about(command), data }),
  ]);
  device.commands = device.commands.filter((waiting) => waiting.commandId !== commandId);
  device.answered = [...device.answered, { ...command, ...answer, repliedAt: at }].slice(-ANSWERED_REMEMBERED);
}

/** Signs for the session that is heard now: a `resume` of an older one would be refused. */
async function send(context: CloudContext, device: Device, row: CommandRow): Promise<void> {
  const { commandId, deviceId, n, type, contractId, epoch, holdId, data } = row;
  const command: Command = {
    commandId,
    n,
    session: sessionOf(device) ?? "",
    deviceId,
    issuedAt: nowText(context),
    type,
    ...present({ contractId, epoch, holdId, data }),
  };
  const jws = await context.signer.sign("hf-command+jws", command);
  device.commands = device.commands.map((waiting) =>
    waiting.commandId === commandId ? { ...waiting, sentMs: context.clock.nowMs() } : waiting,
  );
  context.link.publish(topicOf(context.config.site, deviceId, "command"), jws).catch((thrown: unknown) => {
    context.log.warn(
      { deviceId, commandId, reason: messageOf(thrown) },
      "command not delivered, it will be sent again",
    );
  });
}

function about(row: CommandRow): { contractId?: string } {
  return present({ contractId: row.contractId });
}
