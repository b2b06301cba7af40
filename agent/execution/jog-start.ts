import type { Clock } from "#lib/clock";
import { activeContract } from "#contract/reducer";
import { jogResult, makeJog, permitJog, type JogMove, type JogResult } from "../core/jog.ts";
import type { Journal } from "../core/ports.ts";
import type { DeviceProfile } from "../profile.ts";
import type { RobotSenses } from "./robot-senses.ts";
import type { SafetyMonitor } from "./safety-monitor.ts";
import { instantOf } from "./situation-source.ts";
import type { WorkPlans } from "./work-plans.ts";

interface JogDeps {
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly deviceId: string;
  readonly profile: DeviceProfile;
  readonly journal: Journal;
  readonly senses: RobotSenses;
  readonly safety: SafetyMonitor;
  readonly plans: WorkPlans;
}

/** Makes a technician's jog the device's plan if it may be, and resolves with what has come of it; `isBusy` if a tool is in use. */
export async function startJog(deps: JogDeps, move: JogMove, isBusy: boolean): Promise<JogResult> {
  const { clock, uuid, deviceId, profile, journal, senses, safety, plans } = deps;
  const [device, robot, limits] = [journal.state(), senses.view({}), profile.jog];
  const basis = { limits, device, robot, safety: safety.mode(), isBusy: isBusy || plans.isEngaged() };
  const permission = permitJog(move, basis);
  if (!permission.ok) return permission;
  const held = journal.contract(activeContract(device)?.contractId ?? "");
  const order = { planId: uuid(), deviceId, from: permission.from, limits, robot, ...(held && { held }) };
  const ended = await plans.begin(makeJog(move, order, instantOf(clock)));
  return jogResult(ended, senses.view({}).pose);
}
