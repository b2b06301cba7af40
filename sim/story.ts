import type { ContractDraft } from "#contract/contract";
import type { DeviceView } from "#cloud/views";
import { distanceToSegment, type Pose } from "#lib/geometry";
import type { Metres, Seconds } from "#lib/units";
import type { Observer } from "./observer.ts";
import type { UnmappedObstacle } from "./record.ts";
import { cloudSentence, eventSentence } from "./sentences.ts";
import { StageGoals } from "./stage-goals.ts";

/** A sentence of the story: when (simulated seconds), about whom, what. */
export interface StoryLine {
  readonly t: Seconds;
  readonly who: string;
  readonly text: string;
}

export interface StoryOptions {
  /** Contracts that may be spoken of; stages are told by their goals. */
  readonly contracts: readonly ContractDraft[];
  readonly unmapped: readonly UnmappedObstacle[];
  readonly tell: (line: StoryLine) => void;
}

const ESTIMATE_EVERY: Seconds = 6;
const NEAR: Metres = 1.8;

/** Tells what happens, in plain sentences, to whoever listens. */
export function createStory({ contracts, unmapped, tell }: StoryOptions): Observer {
  const goals = new StageGoals(contracts);
  const estimatedAt = new Map<string, Seconds>();
  const met = new Set<string>();

  function say(t: Seconds, who: string, text: string | undefined): void {
    if (text !== undefined) tell({ t, who, text });
  }
  function tellEstimate(t: Seconds, view: DeviceView, truth: Pose): void {
    if (view.source !== "projected" || !view.pose) return;
    if (t - (estimatedAt.get(view.deviceId) ?? -Infinity) < ESTIMATE_EVERY) return;
    estimatedAt.set(view.deviceId, t);
    say(t, "cloud", estimateSentence(view, view.pose, truth));
  }
  function tellObstacles(t: Seconds, deviceId: string, truth: Pose): void {
    for (const [index, obstacle] of unmapped.entries()) {
      const key = `${deviceId} ${index}`;
      const gap = distanceTo(obstacle, truth);
      if (gap > NEAR || met.has(key)) continue;
      met.add(key);
      say(t, deviceId, `steers around something that its map does not show, ${gap.toFixed(1)} m away`);
    }
  }
  return {
    event: (t, deviceId, event) => say(t, deviceId, eventSentence(event, goals.of(event))),
    cloud: (t, note) => say(t, "cloud", cloudSentence(note)),
    view(t, view, truth) {
      tellEstimate(t, view, truth);
      tellObstacles(t, view.deviceId, truth);
    },
    intervention: say,
  };
}

function estimateSentence(view: DeviceView, pose: NonNullable<DeviceView["pose"]>, truth: Pose): string {
  const [x, y] = pose.value;
  const off = Math.hypot(truth.x - x, truth.y - y);
  const parts = [
    `(${x.toFixed(1)}, ${y.toFixed(1)}) give or take ${pose.sigma.toFixed(1)} m`,
    ...(view.activeContract ? [`${(view.activeContract.progress.value * 100).toFixed(0)} % done`] : []),
    ...(view.battery ? [`battery ${(view.battery.value * 100).toFixed(1)} %`] : []),
  ];
  return `estimates ${view.deviceId} at ${parts.join(", ")}; in truth it is ${off.toFixed(1)} m from there`;
}

function distanceTo(obstacle: UnmappedObstacle, at: { x: Metres; y: Metres }): Metres {
  if (obstacle.kind === "circle") return Math.hypot(obstacle.x - at.x, obstacle.y - at.y) - obstacle.radius;
  if (obstacle.kind === "wall") {
    const { points } = obstacle;
    return Math.min(...points.slice(1).map((end, index) => distanceToSegment([at.x, at.y], points[index]!, end)));
  }
  return Math.min(...obstacle.points.map(([x, y]) => Math.hypot(x - at.x, y - at.y)));
}
