import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import * as emulated from "./bench/emulated-devices.ts";
import { createMemoryLines, type EmulatedDevice } from "./bench/memory-lines.ts";
import { describeBase, describeBattery, describeLidar, describePosition } from "./conformance.ts";
import { describeScanner } from "./conformance-tools.ts";
import type { Rig } from "./conformance-rig.ts";
import { createDaly, DalyOptions } from "./daly/driver.ts";
import type { Driver } from "./driver.ts";
import { createJbd, JbdOptions } from "./jbd/driver.ts";
import { createLd19, Ld19Options } from "./ld19/driver.ts";
import type { DriverDeps } from "./line.ts";
import { createPoseLine, PoseLineOptions } from "./pose-line/driver.ts";
import { createRoomba, RoombaOptions } from "./roomba/driver.ts";
import { createRplidar, RplidarOptions } from "./rplidar/driver.ts";
import { createScanner, ScannerOptions } from "./scanner/driver.ts";
import { createSickTim, SickTimOptions } from "./sick-tim/driver.ts";
import { createVeDirect, VeDirectOptions } from "./vedirect/driver.ts";
import { createVesc, VescOptions } from "./vesc/driver.ts";

/** A bench with an emulated device on a line in memory. */
async function rig<Device extends Driver>(
  emulate: (clock: VirtualClock) => EmulatedDevice,
  create: (deps: DriverDeps) => Device,
): Promise<Rig<Device>> {
  const clock = new VirtualClock({ nowMs: 1000 });
  const { lines, unplug } = createMemoryLines(emulate(clock));
  const make = (): Device => create({ clock, rng: createRng(1), lines });
  const driver = make();
  return {
    driver,
    clock,
    pass: (durationMs) => clock.advance(durationMs),
    unplug: async () => unplug(),
    again: async () => make(),
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
  };
}

const path = "/dev/serial/by-id/bench";
const VESC = VescOptions.parse({
  driver: "vesc",
  path,
  leftId: 1,
  rightId: 2,
  wheelRadius: 0.1,
  wheelTrack: 0.4,
  polePairs: 7,
  maxWheelSpeed: 1,
});

describeBase("the Create 2 on a line", () =>
  rig(emulated.emulatedRoomba, (deps) => createRoomba(RoombaOptions.parse({ driver: "roomba", path }), deps)),
);
describeBase("two VESCs on a line", () => rig(emulated.emulatedVescPair, (deps) => createVesc(VESC, deps)));
describeLidar("the LD19 on a line", () =>
  rig(emulated.emulatedLd19, (deps) => createLd19(Ld19Options.parse({ driver: "ld19", path }), deps)),
);
describeLidar("the RPLIDAR on a line", () =>
  rig(emulated.emulatedRplidar, (deps) =>
    createRplidar(RplidarOptions.parse({ driver: "rplidar", path, scan: "standard", rays: 360 }), deps),
  ),
);
describeLidar("the TiM on a line", () =>
  rig(emulated.emulatedTim, (deps) => createSickTim(SickTimOptions.parse({ driver: "sick-tim", host: "tim" }), deps)),
);
describePosition("a localiser on a line", () =>
  rig(emulated.emulatedLocaliser, (deps) => createPoseLine(PoseLineOptions.parse({ driver: "pose-line", path }), deps)),
);
describeBattery("the JBD BMS on a line", () =>
  rig(emulated.emulatedJbd, (deps) => createJbd(JbdOptions.parse({ driver: "jbd", path }), deps)),
);
describeBattery("the Daly BMS on a line", () =>
  rig(emulated.emulatedDaly, (deps) => createDaly(DalyOptions.parse({ driver: "daly", path }), deps)),
);
describeBattery("the BMV on a line", () =>
  rig(emulated.emulatedBmv, (deps) => createVeDirect(VeDirectOptions.parse({ driver: "vedirect", path }), deps)),
);
describeScanner("a scanner on a line", (front) =>
  rig(
    (clock) => emulated.emulatedScanner(clock, front),
    (deps) => createScanner(ScannerOptions.parse({ driver: "serial-scanner", path }), deps),
  ),
);
