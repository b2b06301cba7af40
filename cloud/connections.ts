import { z } from "zod";
import { Timestamp } from "#contract/identifiers";
import type { CloudContext } from "./context.ts";
import { type Answer, refuse } from "./problem.ts";

/** Since when the cloud knew a device in which mode, newest first. */
export const ConnectionsView = z.object({
  items: z.array(z.object({ at: Timestamp, mode: z.enum(["live", "projected", "reconciled"]) })),
});
export type ConnectionsView = z.infer<typeof ConnectionsView>;

const CHANGES_MAX = 200;

/** When a device could be heard, and when not: its last 200 changes of mode. */
export async function connectionsOf(
  { store, fleet }: Pick<CloudContext, "store" | "fleet">,
  deviceId: string,
): Promise<Answer<ConnectionsView>> {
  if (!fleet.get(deviceId)) return refuse("unknown_device", `${deviceId} was never heard by this cloud`);
  const changes = await store.modeChanges(deviceId, CHANGES_MAX);
  const items = changes.map(({ at, data }) => ({ at, mode: data["to"] }));
  return { ok: true, value: ConnectionsView.parse({ items }) };
}
