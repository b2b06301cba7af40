import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { simulatedMotionDrivers } from "#drivers/simulated/motion-drivers";
import { createWorld } from "#sim/world/world";
import { WorldSpec } from "#sim/world/world-spec";

const SECONDS = 20;

const SPEC = WorldSpec.parse({
  map: { empty: [-8, -8, 8, 8] },
  obstacles: [
    { circle: [0, 3, 0.6] },
    {
      wall: [
        [-6, -2],
        [-2, -2],
      ],
      surface: "mirror",
    },
  ],
  people: [{ walk: { count: 12, area: [-7, -7, 7, 7] } }],
  vehicles: [
    {
      path: [
        [-6, 6],
        [6, 6],
      ],
      stopsFor: 1.5,
    },
  ],
  doors: [
    {
      id: "gate",
      wall: [
        [4, -3],
        [4, 0],
      ],
      openFor: 3,
      closedFor: 2,
    },
    {
      id: "slide",
      wall: [
        [-4, 0],
        [-4, 2],
      ],
      opensWithin: 1,
    },
  ],
  robots: [
    { id: "a", pose: [1, -1, 0], actuation: { slip: 0.1, lagMs: 120 }, lidar: { mixedPixels: 0.2 } },
    { id: "b", pose: [-1, -4, 2], base: { kind: "holonomic" }, footprint: { circle: 0.3 } },
    { id: "c", pose: [6, 3, 3], base: { kind: "tricycle" } },
  ],
});

/** Digest of a world with crowds, vehicles, doors, slip and three kinds of bases, and of the last scans, after robots drove by a seed. */
export async function crowdedDigest(seed: number): Promise<string> {
  const clock = new VirtualClock();
  using world = createWorld(SPEC, { clock, rng: createRng(seed) });
  const drivers = SPEC.robots.map(({ id }) => simulatedMotionDrivers(world.connect(id), clock));
  const ready = drivers.flatMap(({ base, lidar }) =>
    [base, lidar].map(async (device) => {
      await device.open();
      await device.enable();
    }),
  );
  await clock.advance(100);
  await Promise.all(ready);
  world.apply({ do: "wheel-slip", device: "b", share: 0.4, forMs: 5000 });
  const commands = createRng(seed).fork("commands");
  for (let second = 0; second < SECONDS; second++) {
    for (const { base } of drivers) {
      base.drive({ linear: commands.float(), lateral: commands.float() - 0.5, angular: commands.float() - 0.5 }, 1500);
    }
    await clock.advance(1000);
  }
  const scans = drivers.map(({ lidar }) => Buffer.from(lidar.latest()!.ranges.slice().buffer).toString("base64"));
  return `${world.digest()} ${scans.join(" ")}`;
}

if (import.meta.main) process.stdout.write(await crowdedDigest(Number(process.argv[2])));
