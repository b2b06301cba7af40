import type { ReplanRequest } from "#contract/messages";
import { issueCommand } from "./commands.ts";
import { type CloudContext, logOp } from "./context.ts";
import { type Device, sessionOf } from "./fleet.ts";

/**
 * Records a device's request for new remaining stages and answers at once, so that the device never waits in vain. There is no
 * planner behind this cloud that could revise a contract, so the answer is that there is no new plan; the device then
 * looks for one of its own. A request that comes again while its answer is on the way is answered by that. Runs in the
 * device's turn.
 */
export async function answerReplanRequest(
  context: CloudContext,
  device: Device,
  request: ReplanRequest,
): Promise<void> {
  const { requestId, session, contractId, revision, localRevision, delta } = request;
  if (session !== sessionOf(device) || isAnswered(device, requestId)) return;
  const { deviceId } = device;
  const refused = { requestId, reason: "unsupported" };
  await context.store.commit([
    logOp(context, {
      type: "replan.requested",
      deviceId,
      contractId,
      data: { requestId, revision, localRevision, delta, refused: refused.reason },
    }),
  ]);
  await issueCommand(context, device, { type: "replan", contractId, data: { refused } });
}

function isAnswered({ commands, answered }: Device, requestId: string): boolean {
  return [...commands, ...answered].some(({ type, data }) => {
    const refused = type === "replan" ? data?.["refused"] : undefined;
    return typeof refused === "object" && refused !== null && "requestId" in refused && refused.requestId === requestId;
  });
}
