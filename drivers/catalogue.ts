import { z } from "zod";
import { Bno08xOptions } from "./bno08x/driver.ts";
import { DalyOptions } from "./daly/driver.ts";
import { JbdOptions } from "./jbd/driver.ts";
import { Ld19Options } from "./ld19/driver.ts";
import { ModbusIoOptions } from "./modbus/options.ts";
import { PoseLineOptions } from "./pose-line/driver.ts";
import { RoombaOptions } from "./roomba/driver.ts";
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
  { part: "base", name: "roomba", serves: "iRobot Create 2 and Roomba, Open Interface", options: RoombaOptions },
  { part: "base", name: "vesc", serves: "two VESC motor controllers, UART and CAN", options: VescOptions },
  { part: "lidar", name: "ld19", serves: "LDROBOT LD06, LD19, STL-19P, D500", options: Ld19Options },
  { part: "lidar", name: "rplidar", serves: "SLAMTEC RPLIDAR, standard and express scan", options: RplidarOptions },
  { part: "lidar", name: "sick-tim", serves: "SICK TiM and LMS1xx, CoLa A over TCP", options: SickTimOptions },
  { part: "position", name: "pose-line", serves: "any localiser that prints a pose a line", options: PoseLineOptions },
  { part: "battery", name: "jbd", serves: "JBD (Xiaoxiang) BMS", options: JbdOptions },
  { part: "battery", name: "daly", serves: "Daly BMS", options: DalyOptions },
  { part: "battery", name: "vedirect", serves: "Victron BMV and SmartShunt", options: VeDirectOptions },
  {
    part: "scanner",
    name: "serial-scanner",
    serves: "scanners with serial lines, AIM and GS1",
    options: ScannerOptions,
  },
  { part: "imu", name: "bno08x", serves: "CEVA BNO08x, UART-RVC", options: Bno08xOptions },
  { part: "io", name: "modbus-io", serves: "Modbus RTU coils and inputs", options: ModbusIoOptions },
];

/** Which driver serves each device of a robot, with its options: `drivers` of a profile of real hardware. */
export const Devices = z
  .strictObject({
    kind: z.literal("devices"),
    base: z.discriminatedUnion("driver", [RoombaOptions, VescOptions]),
    lidar: z.discriminatedUnion("driver", [Ld19Options, RplidarOptions, SickTimOptions]),
    position: PoseLineOptions,
    battery: z.discriminatedUnion("driver", [JbdOptions, DalyOptions, VeDirectOptions]),
    scanner: ScannerOptions.exactOptional(),
    imu: Bno08xOptions.exactOptional(),
    io: ModbusIoOptions.exactOptional(),
  })
  .superRefine(({ base }, context) => {
    if (base.watchdog !== "none") return;
    const message = `a ${base.driver} goes on at its last speed when the commands stop, so something must stop it: guard`;
    context.addIssue({ code: "custom", message, path: ["base", "watchdog"], input: base.watchdog });
  });
export type Devices = z.infer<typeof Devices>;
