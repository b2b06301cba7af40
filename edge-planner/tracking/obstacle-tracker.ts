import type { Metres, MetresPerSecond } from "#lib/units";
import type { PlanningMap } from "../planning-map.ts";
import type { RangeScan } from "../scan-points.ts";
import { correct, createMotionFilter, type MotionFilter, predict } from "./motion-filter.ts";
import { createPastScans, keepScan, type PastScans, scanToCompare, shownBy } from "./past-scans.ts";
import { type Cluster, clustersOf, type LidarPoses } from "./scan-clusters.ts";

/**
 * What a tracked thing is taken for. `newcomer`: just appeared where nothing was seen before, so nothing is known of its
 * motion; `moving`: seen to enter floor that was free; `paused`: it moved and now rests; `standing`: anything else.
 */
export type TrackState = "newcomer" | "standing" | "moving" | "paused";

/** A thing that the map does not explain, followed from scan to scan. */
export interface Track {
  readonly id: number;
  readonly motion: MotionFilter;
  state: TrackState;
  /** What the last scan showed of it. */
  cluster: Cluster;
  /** Where the filter was when it showed that: points move on with the difference. */
  seenAt: { readonly x: Metres; readonly y: Metres };
  seenMs: number;
  /** Scans that showed it, and the time of the last that showed it on floor that was free before. */
  scans: number;
  entries: number;
  enteredMs: number;
}

/** Follows moving things. Owned by one motion loop; `trackScan` changes it. */
export interface ObstacleTracker {
  readonly past: PastScans;
  tracks: Track[];
  atMs: number;
  nextId: number;
}

/** Scans after which a newcomer is known well enough. */
const CONFIRMED_SCANS = 4;
/** Scans with an entry that make a thing a moving one, and the share of points on floor that was free. */
const MOVING_ENTRIES = 2;
const ENTERED_SHARE = 0.34;
/** With less than this share of points where something was seen before, a thing is new. */
const KNOWN_SHARE = 0.5;
const MOVING_SPEED: MetresPerSecond = 0.15;
/** A moving thing that has entered no free floor for so long rests, and after longer stands like furniture. */
const PAUSED_AFTER_MS = 700;
const STANDING_AFTER_MS = 6000;
/** A thing out of sight is carried on for so long; one that never moved is forgotten sooner. */
const COAST_MS = 700;
const FORGOTTEN_MS = 250;
/** A thing cannot have come farther than this between two scans, beyond what was predicted. */
const ASSOCIATED: Metres = 0.5;
const ASSOCIATED_PER_SIGMA = 2;
/** Nothing is followed over a longer silence of the lidar. */
const LONGEST_GAP_MS = 500;

export function createObstacleTracker(): ObstacleTracker {
  return { past: createPastScans(), tracks: [], atMs: -Infinity, nextId: 1 };
}

/** Takes in one scan; an old one is ignored. `lidar.tracked` must be in a frame that does not jump, such as `odom`. */
export function trackScan(
  tracker: ObstacleTracker,
  scan: RangeScan,
  lidar: LidarPoses,
  map: PlanningMap | undefined,
): void {
  if (scan.atMs <= tracker.atMs) return;
  const passedMs = scan.atMs - tracker.atMs;
  if (passedMs > LONGEST_GAP_MS) forgetAll(tracker);
  else for (const track of tracker.tracks) predict(track.motion, passedMs / 1000);
  tracker.atMs = scan.atMs;
  const left = associate(tracker, clustersOf(scan, lidar, map), scan.atMs);
  for (const cluster of left) tracker.tracks.push(newTrack(tracker, cluster, scan.atMs));
  tracker.tracks = tracker.tracks.filter(({ state, seenMs }) => {
    const keptMs = state === "moving" || state === "paused" ? COAST_MS : FORGOTTEN_MS;
    return scan.atMs - seenMs <= keptMs;
  });
  for (const track of tracker.tracks) track.state = stateOf(track, scan.atMs);
  keepScan(tracker.past, scan, lidar.tracked);
}

function forgetAll(tracker: ObstacleTracker): void {
  tracker.tracks = [];
  tracker.past.kept.length = 0;
}

/** Gives each track the nearest cluster, the nearest pairs first; returns the clusters that are left. */
function associate(tracker: ObstacleTracker, clusters: readonly Cluster[], atMs: number): Set<Cluster> {
  const pairs = tracker.tracks.flatMap((track) =>
    clusters.flatMap((cluster) => {
      const { motion } = track;
      const off = Math.hypot(cluster.x - motion.x, cluster.y - motion.y);
      const reach = ASSOCIATED + ASSOCIATED_PER_SIGMA * Math.sqrt(motion.positionVariance);
      return off <= reach ? [{ track, cluster, off }] : [];
    }),
  );
  pairs.sort((a, b) => a.off - b.off);
  const left = new Set(clusters);
  const served = new Set<Track>();
  for (const { track, cluster } of pairs) {
    if (served.has(track) || !left.has(cluster)) continue;
    served.add(track);
    left.delete(cluster);
    update(tracker, track, cluster, atMs);
  }
  return left;
}

function update(tracker: ObstacleTracker, track: Track, cluster: Cluster, atMs: number): void {
  const { motion } = track;
  correct(motion, cluster.x, cluster.y);
  track.cluster = cluster;
  track.seenAt = { x: motion.x, y: motion.y };
  track.seenMs = atMs;
  track.scans++;
  if (sharesOf(tracker, cluster, atMs).free < ENTERED_SHARE) return;
  track.entries++;
  track.enteredMs = atMs;
}

function newTrack(tracker: ObstacleTracker, cluster: Cluster, atMs: number): Track {
  const { x, y } = cluster;
  const shares = sharesOf(tracker, cluster, atMs);
  return {
    id: tracker.nextId++,
    motion: createMotionFilter(x, y),
    // In the first moments of a drive everything is new, and nothing came.
    state: shares.isKnown || shares.solid >= KNOWN_SHARE ? "standing" : "newcomer",
    cluster,
    seenAt: { x, y },
    seenMs: atMs,
    scans: 1,
    entries: 0,
    enteredMs: -Infinity,
  };
}

/** Which shares of the points lie where a little earlier the floor was free, or something was. */
function sharesOf(
  { past }: ObstacleTracker,
  { points }: Cluster,
  atMs: number,
): { free: number; solid: number; isKnown: boolean } {
  const before = scanToCompare(past, atMs);
  if (!before) return { free: 0, solid: 0, isKnown: true };
  const counts = { free: 0, solid: 0, unseen: 0 };
  for (let at = 0; at < points.length; at += 2) counts[shownBy(before, points[at]!, points[at + 1]!)]++;
  const all = points.length / 2;
  return { free: counts.free / all, solid: counts.solid / all, isKnown: false };
}

function stateOf(track: Track, atMs: number): TrackState {
  const { motion, state, scans, entries, enteredMs } = track;
  const isEntering = entries >= MOVING_ENTRIES && atMs - enteredMs <= PAUSED_AFTER_MS;
  if (isEntering && Math.hypot(motion.vx, motion.vy) >= MOVING_SPEED) return "moving";
  if (state === "moving" || state === "paused") return atMs - enteredMs > STANDING_AFTER_MS ? "standing" : "paused";
  return state === "newcomer" && scans < CONFIRMED_SCANS ? "newcomer" : "standing";
}
