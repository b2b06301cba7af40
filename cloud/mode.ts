import type { ProjectionBasis } from "./core/basis.ts";
import type { DeviceEvent } from "./core/device-machine.ts";
import { type CloudContext, logOp } from "./context.ts";
import { basisOf, modeOf, notify, rowOf, type Device } from "./fleet.ts";

/** Tells the device's machine what happened and records a change of mode. Runs in the device's turn. */
export async function changeMode(context: CloudContext, device: Device, event: DeviceEvent): Promise<void> {
  const from = modeOf(device);
  const wasKnown = basisOf(device);
  device.machine.send(event);
  const to = modeOf(device);
  if (from === to) return;
  if (to === "projected" && device.lastHeardAt !== undefined) device.lostAtMs = Date.parse(device.lastHeardAt);
  if (to === "reconciled") keepBelief(context, device, wasKnown);
  const { deviceId } = device;
  const data = { from, to, because: event.type };
  await context.store.commit([
    { op: "put-device", row: rowOf(device) },
    logOp(context, { type: "device.mode", deviceId, data }),
  ]);
  context.log.info({ deviceId, ...data }, "device mode changed");
  notify(device);
}

/** A tail that overtook its presence arrived just now; what was kept longer ago belongs to a batch that was merely late. */
const OVERTAKING_MS = 10_000;

/** Keeps what is believed of a device that returns, unless its tail came first and it is kept already. */
export function keepBelief(context: CloudContext, device: Device, basis: ProjectionBasis): void {
  const keptMs = context.clock.nowMs();
  if (device.before && keptMs - device.before.keptMs <= OVERTAKING_MS) return;
  device.before = { basis, keptMs };
}
