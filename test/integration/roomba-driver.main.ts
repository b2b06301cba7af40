import { RoombaOptions, createRoomba } from "#drivers/roomba/driver";
import { nodeLines } from "#drivers/serial/node-lines";
import { createSystemClock } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";

/** Drives a base ahead until it is killed: what an agent is to a base. `hang` blocks the thread a while after the start. */
const [path, mode] = process.argv.slice(2);
const clock = createSystemClock();
const base = createRoomba(RoombaOptions.parse({ driver: "roomba", path }), {
  clock,
  rng: createRng(1),
  lines: nodeLines,
});
await base.open();
await base.enable();
setInterval(() => base.drive({ linear: 0.2, angular: 0 }, 200), 50);
process.stdout.write("driving\n");
if (mode === "hang") {
  setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000), 500);
}
