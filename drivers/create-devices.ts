import { assert } from "#lib/errors";
import { createBno08x } from "./bno08x/driver.ts";
import { type Devices, rosPartsOf } from "./catalogue.ts";
import { createDaly } from "./daly/driver.ts";
import type {
  BaseDriver,
  BatteryDriver,
  DigitalIo,
  ImuDriver,
  LidarDriver,
  MotionDrivers,
  PositionSource,
  Scanner,
  ToolDrivers,
} from "./driver.ts";
import { createJbd } from "./jbd/driver.ts";
import { createLd19 } from "./ld19/driver.ts";
import type { DriverDeps } from "./line.ts";
import { createModbusLoad } from "./modbus/load-driver.ts";
import { createModbusIo } from "./modbus/driver.ts";
import { createPoseLine } from "./pose-line/driver.ts";
import { createRoomba } from "./roomba/driver.ts";
import { createRplidar } from "./rplidar/driver.ts";
import { createRosBase } from "./ros-bridge/base.ts";
import { createRosBridge, type RosBridge } from "./ros-bridge/bridge.ts";
import { createRosPilot } from "./ros-bridge/pilot.ts";
import * as ros from "./ros-bridge/sensors.ts";
import { createScanner } from "./scanner/driver.ts";
import { createSickTim } from "./sick-tim/driver.ts";
import { createVeDirect } from "./vedirect/driver.ts";
import { createVesc } from "./vesc/driver.ts";

/** The devices that the motion loop owns, not yet opened. */
export function createMotionDevices(devices: Devices, deps: DriverDeps): MotionDrivers {
  const { base, lidar, position, pilot, bridge } = devices;
  const bridged = withBridge(devices, deps, ["base", "lidar", "position", "pilot"]);
  const goals = pilot && bridge && createRosBridge(bridge, { ...deps, rng: deps.rng.fork("goals") }, 1);
  return {
    base: createBase(base, forked(bridged, "base")),
    lidar: createLidar(lidar, forked(bridged, "lidar")),
    position: createPosition(position, forked(bridged, "position")),
    ...(pilot && goals ? { pilot: createRosPilot(pilot, rosDeps(bridged), goals) } : {}),
  };
}

/** The devices that the executor uses, not yet opened. */
export function createToolDevices(devices: Devices, deps: DriverDeps): ToolDrivers {
  const { battery, load, scanner } = devices;
  const bridged = withBridge(devices, deps, ["battery", "scanner"]);
  return {
    battery: createBattery(battery, forked(bridged, "battery")),
    ...(load ? { load: createModbusLoad(load, forked(bridged, "load")) } : {}),
    ...(scanner ? { scanner: createAnyScanner(scanner, forked(bridged, "scanner")) } : {}),
  };
}

/** The devices that are read by people and by further drivers, not yet opened. */
export function createOtherDevices(devices: Devices, deps: DriverDeps): { imu?: ImuDriver; io?: DigitalIo } {
  const { imu, io } = devices;
  const bridged = withBridge(devices, deps, ["imu"]);
  return {
    ...(imu ? { imu: createImu(imu, forked(bridged, "imu")) } : {}),
    ...(io ? { io: createModbusIo(io, forked(bridged, "io")) } : {}),
  };
}

/** What drivers are given, and the bridge that those of one thread share. */
interface Deps extends DriverDeps {
  readonly bridge: { readonly url: string; readonly shared: RosBridge } | undefined;
}

function withBridge(devices: Devices, deps: DriverDeps, parts: readonly string[]): Deps {
  const users = rosPartsOf(devices).filter((part) => parts.includes(part)).length;
  if (!devices.bridge || users === 0) return { ...deps, bridge: undefined };
  const shared = createRosBridge(devices.bridge, { ...deps, rng: deps.rng.fork("bridge") }, users);
  return { ...deps, bridge: { url: devices.bridge.url, shared } };
}

function rosDeps({ clock, bridge }: Deps): ros.RosDeps {
  assert(bridge, "a profile with devices behind a bridge names it");
  return { clock, bridge: bridge.shared };
}

function createBase(options: Devices["base"], deps: Deps): BaseDriver {
  switch (options.driver) {
    case "roomba":
      return createRoomba(options, deps);
    case "vesc":
      return createVesc(options, deps);
    case "ros":
      return createRosBase(options, deps, rosDeps(deps).bridge, deps.bridge!.url);
  }
}

function createLidar(options: Devices["lidar"], deps: Deps): LidarDriver {
  switch (options.driver) {
    case "ld19":
      return createLd19(options, deps);
    case "rplidar":
      return createRplidar(options, deps);
    case "sick-tim":
      return createSickTim(options, deps);
    case "ros":
      return ros.createRosLidar(options, rosDeps(deps));
  }
}

function createPosition(options: Devices["position"], deps: Deps): PositionSource {
  return options.driver === "ros" ? ros.createRosPosition(options, rosDeps(deps)) : createPoseLine(options, deps);
}

function createBattery(options: Devices["battery"], deps: Deps): BatteryDriver {
  switch (options.driver) {
    case "jbd":
      return createJbd(options, deps);
    case "daly":
      return createDaly(options, deps);
    case "vedirect":
      return createVeDirect(options, deps);
    case "ros":
      return ros.createRosBattery(options, rosDeps(deps));
  }
}

function createAnyScanner(options: NonNullable<Devices["scanner"]>, deps: Deps): Scanner {
  return options.driver === "ros" ? ros.createRosScanner(options, rosDeps(deps)) : createScanner(options, deps);
}

function createImu(options: NonNullable<Devices["imu"]>, deps: Deps): ImuDriver {
  return options.driver === "ros" ? ros.createRosImu(options, rosDeps(deps)) : createBno08x(options, deps);
}

function forked(deps: Deps, part: string): Deps {
  return { ...deps, rng: deps.rng.fork(part) };
}
