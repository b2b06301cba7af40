import { sleep } from "#lib/clock";
import { createSystemClock } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";
import { Devices } from "#drivers/catalogue";
import { createMotionDevices } from "#drivers/create-devices";
import { nodeLines } from "#drivers/serial/node-lines";

/** Drives the base behind the bridge at `url` as an agent does, for tests that kill or hang it. */
const [url, watchdog = "guard", mode] = process.argv.slice(2);
const clock = createSystemClock();
const ros = { driver: "ros" };
const devices = Devices.parse({
  kind: "devices",
  bridge: { url },
  base: { ...ros, watchdog },
  lidar: ros,
  position: ros,
  battery: ros,
});
const { base } = createMotionDevices(devices, { clock, rng: createRng(1), lines: nodeLines });
await base.open();
await base.enable();
process.stdout.write("driving\n");
const startMs = clock.nowMs();
for (;;) {
  base.drive({ linear: 0.3, angular: 0 }, 200);
  if (mode === "hang" && clock.nowMs() - startMs > 1000)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  await sleep(clock, 50);
}
