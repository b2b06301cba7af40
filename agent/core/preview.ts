import { polylineLength, type Pose, poseFrom } from "#lib/geometry";
import type { Metres, Share } from "#lib/units";
import type { Contract } from "#contract/contract";
import { targetOf, type Outlook } from "./estimate.ts";
import { forecastStage, type Forecast } from "./forecast.ts";
import { chargerTrip } from "./foresight.ts";
import { endOf, timetableOf } from "./timetable.ts";

/** How one stage should go. */
export interface StagePreview {
  readonly stageId: string;
  readonly goal: string;
  readonly action: string;
  /** Expected beginning, from the start of the work. */
  readonly startSeconds: number;
  readonly time: Forecast;
  /** Planned way. */
  readonly length: Metres;
  readonly batteryUsed: Share;
  readonly batteryAfter: Share;
  readonly timeoutSeconds: number;
}

/** What is left of something that has a limit. */
export interface Margin {
  readonly name: "battery" | "energy" | "charger" | "duration" | "window" | "lease" | "timeout";
  /** The stage that comes nearest to the limit, where it is about stages. */
  readonly stageId?: string;
  readonly unit: "s" | "1";
  /** What is left if all goes as expected; below zero the limit can't be kept. */
  readonly margin: number;
  /** The same when it goes badly: two standard deviations of the time. */
  readonly marginAtWorst: number;
}

/** A contract as it should go on a device that starts now, and what is left of its limits. */
export interface Preview {
  readonly stages: readonly StagePreview[];
  readonly total: Forecast;
  readonly length: Metres;
  readonly batteryAtEnd: Share;
  readonly margins: readonly Margin[];
}

export interface PreviewInput {
  readonly contract: Contract;
  readonly outlook: Outlook;
  readonly from: Pose;
  readonly battery: Share;
  readonly wallMs: number;
}

/** The contract's stages in its order, timed as a device carries them out and with the same forecasts that it makes of them. */
export function previewContract(input: PreviewInput): Preview {
  const { contract, outlook, battery } = input;
  const timed = contract.stages.map((stage) => {
    return { stage, time: forecastStage(stage, outlook, outlook.routes.get(stage.stageId)) };
  });
  const slots = timetableOf(contract, timed);
  const stages = timed.map(({ stage, time }): StagePreview => {
    const { stageId, goal, action, timeoutSeconds } = stage;
    const { startSeconds = 0, end = time } = slots.find((slot) => slot.stageId === stageId) ?? {};
    const length = polylineLength(outlook.routes.get(stageId) ?? []);
    const batteryUsed = time.seconds * outlook.drainPerSecond;
    const batteryAfter = battery - end.seconds * outlook.drainPerSecond;
    return { stageId, goal, action, startSeconds, time, length, batteryUsed, batteryAfter, timeoutSeconds };
  });
  const total = endOf(slots);
  const length = stages.reduce((sum, stage) => sum + stage.length, 0);
  const batteryAtEnd = battery - total.seconds * outlook.drainPerSecond;
  const preview = { stages, total, length, batteryAtEnd, margins: [] };
  return { ...preview, margins: marginsOf(preview, input) };
}

/** Limits that the contract itself sets, so that it can't be kept beyond them; a lease is renewed while there is a link. */
export function isBinding({ name }: Margin): boolean {
  return name !== "lease" && name !== "charger";
}

/** Expected is half of all; this many standard deviations are exceeded in one case of forty. */
const WORST_SIGMAS = 2;

function marginsOf(preview: Preview, input: PreviewInput): readonly Margin[] {
  const { contract, outlook, from, wallMs } = input;
  const { stages, total, batteryAtEnd } = preview;
  const { battery, window } = contract.constraints;
  const inTime = (name: Margin["name"], limitSeconds: number, time: Forecast, stageId?: string): Margin => ({
    name,
    ...(stageId === undefined ? {} : { stageId }),
    unit: "s",
    margin: limitSeconds - time.seconds,
    marginAtWorst: limitSeconds - time.seconds - WORST_SIGMAS * time.sigmaSeconds,
  });
  const charge = (name: Margin["name"], limit: Share): Margin => ({
    name,
    unit: "1",
    margin: batteryAtEnd - limit,
    marginAtWorst: batteryAtEnd - limit - WORST_SIGMAS * total.sigmaSeconds * outlook.drainPerSecond,
  });
  const trip = chargerTrip(contract, lastPose(contract, from));
  const timeouts = stages.map(({ stageId, time, timeoutSeconds }) => inTime("timeout", timeoutSeconds, time, stageId));
  const { maxDurationSeconds, notAfter } = window;
  const startMs = Math.max(wallMs, window.notBefore === undefined ? 0 : Date.parse(window.notBefore));
  return [
    charge("battery", battery.minimum),
    ...energyMargins(preview, input).slice(0, 1),
    ...(trip === undefined ? [] : [charge("charger", (trip / outlook.speed) * outlook.drainPerSecond)]),
    ...(maxDurationSeconds === undefined ? [] : [inTime("duration", maxDurationSeconds, total)]),
    ...(notAfter === undefined ? [] : [inTime("window", (Date.parse(notAfter) - startMs) / 1000, total)]),
    inTime("lease", contract.lease.durationSeconds, total),
    ...timeouts.toSorted((a, b) => a.marginAtWorst - b.marginAtWorst).slice(0, 1),
  ];
}

/** What stages want to be to spare of the battery before they begin, in their lighter mode where they have one; the scarcest first. */
function energyMargins({ stages }: Preview, { contract, outlook, battery }: PreviewInput): readonly Margin[] {
  const { minimum } = contract.constraints.battery;
  const margins = contract.stages.flatMap(({ stageId, resourceHints: hints }): Margin[] => {
    const wanted = Math.min(hints?.energy ?? 0, hints?.lighter ? (hints.lighter.energy ?? 0) : Infinity);
    if (wanted === 0) return [];
    const { startSeconds = 0 } = stages.find((stage) => stage.stageId === stageId) ?? {};
    const margin = battery - startSeconds * outlook.drainPerSecond - minimum - wanted;
    return [{ name: "energy", stageId, unit: "1", margin, marginAtWorst: margin }];
  });
  return margins.toSorted((a, b) => a.margin - b.margin);
}

/** A limit that is broken, or may well be, in one sentence; undefined while there is room. */
export function warningOf({ name, stageId, unit, margin, marginAtWorst }: Margin): string | undefined {
  if (marginAtWorst >= 0) return undefined;
  const amount = (value: number): string =>
    unit === "s" ? `${Math.round(-value)} s` : `${(-value * 100).toFixed(1)} %`;
  const what = `the ${LIMITS[name]}${stageId === undefined ? "" : ` of ${stageId}`}`;
  if (margin < 0) return `${what} can't be kept: ${amount(margin)} are missing`;
  return `${what} is close: ${amount(marginAtWorst)} would be missing if it goes badly`;
}

const LIMITS: Readonly<Record<Margin["name"], string>> = {
  battery: "minimum of the battery",
  energy: "battery wanted at the beginning",
  charger: "way to a charger afterwards",
  duration: "maximal duration",
  window: "end of the window",
  lease: "lease, should the cloud never be heard,",
  timeout: "timeout",
};

function lastPose(contract: Contract, from: Pose): Pose {
  const targets = contract.stages.flatMap((stage) => {
    const target = stage.action === "navigate" ? targetOf(stage, contract.spatial.landmarks) : undefined;
    return target ? [poseFrom(target)] : [];
  });
  return targets.at(-1) ?? from;
}
