import type { MotionDrivers } from "#drivers/driver";
import { simulatedMotionDrivers } from "#drivers/simulated/motion-drivers";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { settle } from "#sim/simulate";
import { solidsOf } from "#sim/world/space/scene";
import { bodyThing, type Thing } from "#sim/world/space/shapes";
import { neighboursOf } from "#sim/world/space/surroundings";
import type { Terrain } from "#sim/world/space/terrain";
import { createWorld } from "#sim/world/world";
import { type RobotSpec, WorldSpec } from "#sim/world/world-spec";
import { CAVE_EDGE, caveTerrain } from "./cave.ts";
import type { Figure } from "./figure.ts";
import { type Chapter, terminalLines } from "./measurements-page.ts";

const RUNS = 5;
const CAVE_SEED = 7;
const DRIVE_EVERY_MS = 100;
const FOOTPRINT: [number, number][] = [
  [0.2, 0.2],
  [-0.2, 0.2],
  [-0.2, -0.2],
  [0.2, -0.2],
];
const ROOM = 0.1;
/** A robot turns when something is nearer than this within so many rays of straight ahead. */
const [TURN_AT, AHEAD_RAYS, SPEED, TURN_SPEED] = [0.7, 25, 0.6, 0.8];

/** The 2D world by itself: no agent, no planner, robots that drive where there is room. */
export async function measureWorld(): Promise<Chapter> {
  return {
    title: "Bare world",
    figures: [
      await measure({ robots: 1, seconds: 900, goal: 2000, peers: "Stage 4.3: 456, MVSim 0.7: 99" }),
      await measure({ robots: 100, seconds: 20, goal: 25, peers: "Stage 4.3: 1.75, MVSim 0.7: 0.48" }),
    ],
    remarks: [
      "The world of the comparison: a cave of 16 x 16 m in cells of 5 cm, lidars of 360 rays, 10 m and 10 Hz, physics and odometry at 50 Hz, " +
        "collisions of the true footprint, robots that see each other and turn where something is near. One thread. The peers ran the same load on another machine of the same class " +
        "(2 vCPU AMD EPYC, 2.6 GHz), headless: Stage 4.3 from github.com/rtv/Stage, MVSim 0.7.0 with a step of 5 ms.",
    ],
  };
}

interface Load {
  readonly robots: number;
  readonly seconds: number;
  readonly goal: number;
  readonly peers: string;
}

async function measure({ robots, seconds, goal, peers }: Load): Promise<Figure> {
  const terrain = caveTerrain(CAVE_SEED);
  const samples: number[] = [];
  // The first run warms the compiler up.
  for (let run = 0; run <= RUNS; run++) {
    const factor = await drive(terrain, robots, seconds);
    if (run > 0) samples.push(factor);
  }
  const what = `bare world, ${robots} ${robots === 1 ? "robot" : "robots that see each other"}`;
  const how = `${seconds} s, ${RUNS} runs after one to warm up; ${peers}`;
  return { what, unit: "× real time", better: "higher", goal: { of: "median", limit: goal }, samples, how };
}

/** Lets so many robots drive for so long and returns how many times faster than real time that went. */
async function drive(terrain: Terrain, count: number, seconds: number): Promise<number> {
  const clock = new VirtualClock();
  const robots = placeRobots(terrain, count);
  const spec = WorldSpec.parse({ map: { empty: [0, 0, CAVE_EDGE, CAVE_EDGE] }, robots });
  using world = createWorld(spec, { clock, rng: createRng(1), terrain });
  const drivers = robots.map(({ id }) => simulatedMotionDrivers(world.connect(id), clock));
  const ready = drivers.map(async ({ base, lidar }) => {
    for (const device of [base, lidar]) {
      await device.open();
      await device.enable();
    }
  });
  await clock.advance(1000, settle);
  await Promise.all(ready);
  const startedMs = performance.now();
  for (let ms = 0; ms < seconds * 1000; ms += DRIVE_EVERY_MS) {
    for (const robot of drivers) steer(robot);
    const untilMs = clock.nowMs() + DRIVE_EVERY_MS;
    while (clock.fireNext(untilMs));
  }
  return seconds / ((performance.now() - startedMs) / 1000);
}

/** Straight on while there is room, else on the spot towards the side with more of it. */
function steer({ base, lidar }: MotionDrivers): void {
  const scan = lidar.latest();
  if (!scan) return;
  const middle = scan.ranges.length / 2;
  let [left, right] = [Infinity, Infinity];
  for (let offset = 0; offset <= AHEAD_RAYS; offset++) {
    left = Math.min(left, scan.ranges[middle + offset]! || left);
    right = Math.min(right, scan.ranges[middle - offset]! || right);
  }
  const isFree = Math.min(left, right) > TURN_AT;
  const angular = left < right ? -TURN_SPEED : TURN_SPEED;
  base.drive(isFree ? { linear: SPEED, angular: 0 } : { linear: 0, angular }, 3 * DRIVE_EVERY_MS);
}

/** Robots on the cave's floor, apart from its walls and from each other. */
function placeRobots(terrain: Terrain, count: number): Pick<RobotSpec, "id" | "pose">[] {
  const rng = createRng(CAVE_SEED).fork("robots");
  const placed: Thing[] = [];
  const robots = [];
  while (robots.length < count) {
    const pose = { x: rng.float() * CAVE_EDGE, y: rng.float() * CAVE_EDGE, yaw: (rng.float() - 0.5) * 2 * Math.PI };
    const body = bodyThing(`r${robots.length}`, FOOTPRINT, pose);
    if (neighboursOf(body, solidsOf(terrain, placed), ROOM).length > 0) continue;
    placed.push(body);
    const lidar = { rays: 360, rangeMax: 10, hz: 10 };
    robots.push({ id: body.id, pose: [pose.x, pose.y, pose.yaw] as RobotSpec["pose"], footprint: FOOTPRINT, lidar });
  }
  return robots;
}

if (import.meta.main) process.stdout.write(`${terminalLines(await measureWorld()).join("\n")}\n`);
