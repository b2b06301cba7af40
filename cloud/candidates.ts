import type { CloudContext } from "./context.ts";
import { openTaskOf, type Candidate } from "./core/planner.ts";
import { project } from "./core/projection.ts";
import { basisOf, contractUnderWay, lockingContract, modeOf, type Device } from "./fleet.ts";
import { present } from "./present.ts";

/** Every device as a planner sees it. */
export function candidatesOf(context: CloudContext): readonly Candidate[] {
  return context.fleet.all().map((device) => {
    const isFree = lockingContract(device) === undefined && contractUnderWay(device) === undefined;
    const { speed, drainPerSecond } = device.track.estimate?.value.data ?? {};
    return {
      deviceId: device.deviceId,
      mode: modeOf(device),
      isFree,
      actions: device.presence?.profile.actions ?? [],
      ...present({ speed: speed || undefined, drainPerSecond }),
      ...(isFree ? now(device) : later(device, context.clock.wallMs(), drainPerSecond)),
    };
  });
}

/** Those that can begin at once. */
export function freeCandidatesOf(context: CloudContext): readonly Candidate[] {
  return candidatesOf(context).filter(({ isFree }) => isFree);
}

type Beginning = Pick<Candidate, "freeInSeconds" | "pose" | "battery">;

function now({ track }: Device): Beginning {
  return { freeInSeconds: 0, ...present({ pose: track.pose?.value, battery: track.battery?.value }) };
}

/** One that has work is free when that should end, later by as much as that is uncertain, and there where it ends. */
function later(device: Device, nowMs: number, drainPerSecond = 0): Beginning {
  const basis = basisOf(device);
  const { contract: work, battery } = project(basis, nowMs);
  if (work?.endsAtMs === undefined) return {};
  const freeInSeconds = Math.max(0, (work.endsAtMs - nowMs) / 1000) + (work.endSigmaSeconds ?? 0);
  const end = basis.contract && openTaskOf(basis.contract).end;
  const pose = end ? ([end[0]!, end[1]!, end[2] ?? 0] as const) : device.track.pose?.value;
  const left = battery && Math.max(0, battery.value - freeInSeconds * drainPerSecond);
  return { freeInSeconds, ...present({ pose, battery: left }) };
}
