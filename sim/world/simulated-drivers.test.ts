import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { describeBase, describeBattery, describeLidar, describePosition } from "#drivers/conformance";
import type { LoadRig, Rig } from "#drivers/conformance-rig";
import { describeLoadHandler, describeScanner } from "#drivers/conformance-tools";
import type { BaseDriver, Driver, LoadHandler, MotionDrivers, Scanner, ToolDrivers } from "#drivers/driver";
import type { DeviceName } from "#drivers/simulated/channel";
import { simulatedMotionDrivers } from "#drivers/simulated/motion-drivers";
import { simulatedToolDrivers } from "#drivers/simulated/tool-drivers";
import { benchSpec } from "./bench.ts";
import { createWorld, type World } from "./world.ts";

/** A bench in virtual time with one device of a robot on it. */
function onBench<Kind extends Driver>(
  device: DeviceName,
  choose: (motion: MotionDrivers, tools: ToolDrivers) => Kind,
  front: "code" | "nothing" = "code",
): Promise<Rig<Kind>> {
  const clock = new VirtualClock({ nowMs: 5000 });
  const world = createWorld(benchSpec(front), { clock, rng: createRng(7) });
  const make = (): Kind => choose(motionOf(world, clock), toolsOf(world, clock));
  return Promise.resolve({
    driver: make(),
    clock,
    pass: (durationMs) => clock.advance(durationMs),
    unplug: () => Promise.resolve(world.apply({ do: "driver-fault", device: "bench", driver: device })),
    again: () => Promise.resolve(make()),
    [Symbol.asyncDispose]: () => Promise.resolve(world[Symbol.dispose]()),
  });
}

const motionOf = (world: World, clock: VirtualClock): MotionDrivers =>
  simulatedMotionDrivers(world.connect("bench"), clock);
const toolsOf = (world: World, clock: VirtualClock): ToolDrivers => simulatedToolDrivers(world.connect("bench"), clock);

describeBase("the simulated base", () => onBench<BaseDriver>("base", (motion) => motion.base));
describeLidar("the simulated lidar", () => onBench("lidar", (motion) => motion.lidar));
describePosition("the simulated position source", () => onBench("position", (motion) => motion.position));
describeBattery("the simulated battery", () => onBench("battery", (_, tools) => tools.battery));
describeLoadHandler("the simulated hand", async (): Promise<LoadRig> => {
  const rig = await onBench<LoadHandler>("load", (_, tools) => tools.load!);
  return { ...rig, sku: "SKU-1", from: "shelf", to: "belt" };
});
describeScanner("the simulated scanner", (front) => onBench<Scanner>("scanner", (_, tools) => tools.scanner!, front));
