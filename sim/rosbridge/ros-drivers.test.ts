import { createRng } from "#lib/rng";
import { Devices } from "#drivers/catalogue";
import { describeBase, describeBattery, describeLidar, describePosition } from "#drivers/conformance";
import type { Rig } from "#drivers/conformance-rig";
import { describeScanner } from "#drivers/conformance-tools";
import { createMotionDevices, createToolDevices } from "#drivers/create-devices";
import type { Driver, MotionDrivers, ToolDrivers } from "#drivers/driver";
import { type BridgeBench, type BridgeBenchOptions, createBridgeBench } from "./bench.ts";

const ros = { driver: "ros" };
const PROFILE = Devices.parse({
  kind: "devices",
  bridge: {},
  base: ros,
  lidar: ros,
  position: ros,
  battery: ros,
  scanner: ros,
});

/** One device of a robot with ROS; the others of the same bridge are done with it. */
async function onBench<Kind extends Driver>(
  options: BridgeBenchOptions,
  choose: (motion: MotionDrivers, tools: ToolDrivers) => Kind,
): Promise<Rig<Kind>> {
  const bench = createBridgeBench(options);
  const make = async (): Promise<Kind> => {
    const [motion, tools] = devicesOf(bench);
    const chosen = choose(motion, tools);
    for (const device of [...Object.values(motion), tools.battery, tools.scanner] as Driver[]) {
      if (device !== chosen) await device[Symbol.asyncDispose]();
    }
    return chosen;
  };
  await bench.clock.advance(200);
  const driver = await make();
  return {
    driver,
    clock: bench.clock,
    pass: (durationMs) => bench.clock.advance(durationMs),
    unplug: async () => bench.unplug(),
    again: make,
    async [Symbol.asyncDispose]() {
      await driver[Symbol.asyncDispose]();
      bench[Symbol.dispose]();
    },
  };
}

function devicesOf({ clock, lines }: BridgeBench): [MotionDrivers, ToolDrivers] {
  const deps = { clock, rng: createRng(1), lines };
  return [createMotionDevices(PROFILE, deps), createToolDevices(PROFILE, deps)];
}

describeBase("a base behind a bridge of ROS 2", () => onBench({ command: "twist-stamped" }, ({ base }) => base));
describeBase("a base behind a bridge of ROS 1", () => onBench({ version: 1 }, ({ base }) => base));
describeLidar("a lidar behind a bridge of ROS 2", () => onBench({}, ({ lidar }) => lidar));
describeLidar("a lidar behind a bridge of ROS 1", () => onBench({ version: 1 }, ({ lidar }) => lidar));
describePosition("a localiser behind a bridge", () => onBench({}, ({ position }) => position));
describeBattery("a battery behind a bridge", () => onBench({}, (_, { battery }) => battery));
describeScanner("a scanner behind a bridge", (front) => onBench({ front }, (_, { scanner }) => scanner!));
