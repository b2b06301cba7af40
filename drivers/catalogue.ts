import { z } from "zod";
import { Bno08xOptions } from "./bno08x/driver.ts";
import { DalyOptions } from "./daly/driver.ts";
import { JbdOptions } from "./jbd/driver.ts";
import { Ld19Options } from "./ld19/driver.ts";
import { ModbusLoadOptions } from "./modbus/load-driver.ts";
import { ModbusIoOptions } from "./modbus/options.ts";
import { PoseLineOptions } from "./pose-line/driver.ts";
import { RoombaOptions } from "./roomba/driver.ts";
import {
  RosBaseOptions,
  RosBatteryOptions,
  RosBridgeOptions,
  RosImuOptions,
  RosLidarOptions,
  RosPilotOptions,
  RosPositionOptions,
  RosScannerOptions,
} from "./ros-bridge/options.ts";
import { RplidarOptions } from "./rplidar/driver.ts";
import { ScannerOptions } from "./scanner/driver.ts";
import { SickTimOptions } from "./sick-tim/driver.ts";
import { VeDirectOptions } from "./vedirect/driver.ts";
import { VescOptions } from "./vesc/driver.ts";

/** A driver that profiles can name. */
export interface DriverKind {
  /** What part of a robot it serves: the key in `drivers` of a profile. */
  readonly part: keyof Omit<Devices, "kind">;
  readonly name: string;
  readonly serves: string;
  readonly options: z.ZodObject;
}

/** Every driver of real devices, with its options. `create-devices.ts` makes them. */
export const DRIVER_KINDS: readonly DriverKind[] = [
  {
    part: "bridge",
    name: "ros",
    serves: "rosbridge of ROS 1 or ROS 2, for all devices of ros",
    options: RosBridgeOptions,
  },
  { part: "base", name: "roomba", serves: "iRobot Create 2 and Roomba, Open Interface", options: RoombaOptions },
  { part: "base", name: "vesc", serves: "two VESC motor controllers, UART and CAN", options: VescOptions },
  { part: "base", name: "ros", serves: "a base with cmd_vel and odometry, over rosbridge", options: RosBaseOptions },
  { part: "lidar", name: "ld19", serves: "LDROBOT LD06, LD19, STL-19P, D500", options: Ld19Options },
  { part: "lidar", name: "rplidar", serves: "SLAMTEC RPLIDAR, standard and express scan", options: RplidarOptions },
  { part: "lidar", name: "sick-tim", serves: "SICK TiM and LMS1xx, CoLa A over TCP", options: SickTimOptions },
  { part: "lidar", name: "ros", serves: "sensor_msgs/LaserScan over rosbridge", options: RosLidarOptions },
  { part: "position", name: "pose-line", serves: "any localiser that prints a pose a line", options: PoseLineOptions },
  { part: "position", name: "ros", serves: "AMCL and the like, over rosbridge", options: RosPositionOptions },
  { part: "pilot", name: "ros", serves: "Nav2 as the navigation, over rosbridge of ROS 2", options: RosPilotOptions },
  { part: "battery", name: "jbd", serves: "JBD (Xiaoxiang) BMS", options: JbdOptions },
  { part: "battery", name: "daly", serves: "Daly BMS", options: DalyOptions },
  { part: "battery", name: "vedirect", serves: "Victron BMV and SmartShunt", options: VeDirectOptions },
  { part: "battery", name: "ros", serves: "sensor_msgs/BatteryState over rosbridge", options: RosBatteryOptions },
  {
    part: "scanner",
    name: "serial-scanner",
    serves: "scanners with serial lines, AIM and GS1",
    options: ScannerOptions,
  },
  { part: "scanner", name: "ros", serves: "codes as std_msgs/String over rosbridge", options: RosScannerOptions },
  { part: "imu", name: "ros", serves: "sensor_msgs/Imu over rosbridge", options: RosImuOptions },
  {
    part: "load",
    name: "modbus-load",
    serves: "a lift or gripper that takes jobs, Modbus RTU",
    options: ModbusLoadOptions,
  },
  { part: "imu", name: "bno08x", serves: "CEVA BNO08x, UART-RVC", options: Bno08xOptions },
  { part: "io", name: "modbus-io", serves: "Modbus RTU coils and inputs", options: ModbusIoOptions },
];

/** Which driver serves each device of a robot, with its options: `drivers` of a profile of real hardware. */
export const Devices = z
  .strictObject({
    kind: z.literal("devices"),
    bridge: RosBridgeOptions.exactOptional(),
    base: z.discriminatedUnion("driver", [RoombaOptions, VescOptions, RosBaseOptions]),
    lidar: z.discriminatedUnion("driver", [Ld19Options, RplidarOptions, SickTimOptions, RosLidarOptions]),
    position: z.discriminatedUnion("driver", [PoseLineOptions, RosPositionOptions]),
    battery: z.discriminatedUnion("driver", [JbdOptions, DalyOptions, VeDirectOptions, RosBatteryOptions]),
    load: ModbusLoadOptions.exactOptional(),
    scanner: z.discriminatedUnion("driver", [ScannerOptions, RosScannerOptions]).exactOptional(),
    pilot: RosPilotOptions.exactOptional(),
    imu: z.discriminatedUnion("driver", [Bno08xOptions, RosImuOptions]).exactOptional(),
    io: ModbusIoOptions.exactOptional(),
  })
  .superRefine((devices, context) => {
    if (devices.base.watchdog === "none") {
      const message = `a ${devices.base.driver} base goes on at its last speed when the commands stop, so something must stop it: guard`;
      context.addIssue({ code: "custom", message, path: ["base", "watchdog"], input: "none" });
    }
    if (!devices.bridge && rosPartsOf(devices).length > 0) {
      const message = `needed by ${rosPartsOf(devices).join(", ")}: where is the rosbridge?`;
      context.addIssue({ code: "custom", message, path: ["bridge"], input: undefined });
    }
  });
export type Devices = z.infer<typeof Devices>;

/** The parts of a robot that are reached through its rosbridge. */
export function rosPartsOf(devices: Omit<Devices, "kind">): readonly string[] {
  const { bridge: _, ...parts } = devices;
  return Object.entries(parts).flatMap(([part, options]) =>
    typeof options === "object" && options.driver === "ros" ? [part] : [],
  );
}
