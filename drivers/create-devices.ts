import { createBno08x } from "./bno08x/driver.ts";
import type { Devices } from "./catalogue.ts";
import { createDaly } from "./daly/driver.ts";
import type {
  BaseDriver,
  BatteryDriver,
  DigitalIo,
  ImuDriver,
  LidarDriver,
  MotionDrivers,
  ToolDrivers,
} from "./driver.ts";
import { createJbd } from "./jbd/driver.ts";
import { createLd19 } from "./ld19/driver.ts";
import type { DriverDeps } from "./line.ts";
import { createModbusIo } from "./modbus/driver.ts";
import { createPoseLine } from "./pose-line/driver.ts";
import { createRoomba } from "./roomba/driver.ts";
import { createRplidar } from "./rplidar/driver.ts";
import { createScanner } from "./scanner/driver.ts";
import { createSickTim } from "./sick-tim/driver.ts";
import { createVeDirect } from "./vedirect/driver.ts";
import { createVesc } from "./vesc/driver.ts";

/** The devices that the motion loop owns, not yet opened. */
export function createMotionDevices({ base, lidar, position }: Devices, deps: DriverDeps): MotionDrivers {
  return {
    base: createBase(base, forked(deps, "base")),
    lidar: createLidar(lidar, forked(deps, "lidar")),
    position: createPoseLine(position, forked(deps, "position")),
  };
}

/** The devices that the executor uses, not yet opened. */
export function createToolDevices({ battery, scanner }: Devices, deps: DriverDeps): ToolDrivers {
  return {
    battery: createBattery(battery, forked(deps, "battery")),
    ...(scanner ? { scanner: createScanner(scanner, forked(deps, "scanner")) } : {}),
  };
}

/** The devices that are read by people and by further drivers, not yet opened. */
export function createOtherDevices({ imu, io }: Devices, deps: DriverDeps): { imu?: ImuDriver; io?: DigitalIo } {
  return {
    ...(imu ? { imu: createBno08x(imu, forked(deps, "imu")) } : {}),
    ...(io ? { io: createModbusIo(io, forked(deps, "io")) } : {}),
  };
}

function createBase(options: Devices["base"], deps: DriverDeps): BaseDriver {
  return options.driver === "roomba" ? createRoomba(options, deps) : createVesc(options, deps);
}

function createLidar(options: Devices["lidar"], deps: DriverDeps): LidarDriver {
  switch (options.driver) {
    case "ld19":
      return createLd19(options, deps);
    case "rplidar":
      return createRplidar(options, deps);
    case "sick-tim":
      return createSickTim(options, deps);
  }
}

function createBattery(options: Devices["battery"], deps: DriverDeps): BatteryDriver {
  switch (options.driver) {
    case "jbd":
      return createJbd(options, deps);
    case "daly":
      return createDaly(options, deps);
    case "vedirect":
      return createVeDirect(options, deps);
  }
}

function forked({ clock, rng, lines }: DriverDeps, part: string): DriverDeps {
  return { clock, rng: rng.fork(part), lines };
}
