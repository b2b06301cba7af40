import type { EmulatedDevice } from "#drivers/bench/memory-lines";
import type { Scan, Source } from "#drivers/driver";
import { concatBytes } from "#drivers/framing/bytes";
import { encodeLd19, type Ld19Point } from "#drivers/ld19/codec";
import { type Clock, repeat } from "#lib/clock";

/** From the data sheet: 4500 points a second, 10 turns a second, 12 points a packet. */
const POINTS_PER_SECOND = 4500;
const SPEED_DEG_PER_SECOND = 3600;
const STEP_DEG = SPEED_DEG_PER_SECOND / POINTS_PER_SECOND;
const POINTS = 12;
const PACKETS_PER_MS = POINTS_PER_SECOND / POINTS / 1000;
const TURN_DEG = 360;
const TIMESTAMP_WRAP_MS = 30_000;
/** Packets that are sent late after a stall; the older ones are lost with it. */
const LATE_PACKETS_MAX = 40;
const SEND_EVERY_MS = 4;
const [SURE, UNSURE] = [200, 3];

/** An LD19 that turns while it has power and sees what the world's lidar sees at each moment. */
export function emulateLd19(lidar: Source<Scan>, clock: Clock): EmulatedDevice {
  return {
    receive: () => undefined,
    connect(send) {
      const startMs = clock.nowMs();
      let sent = 0;
      return repeat(clock, SEND_EVERY_MS, () => {
        const nowMs = clock.nowMs();
        const due = Math.floor((nowMs - startMs) * PACKETS_PER_MS);
        sent = Math.max(sent, due - LATE_PACKETS_MAX);
        const scan = lidar.latest();
        const packets: Uint8Array[] = [];
        for (; sent < due; sent++) {
          if (scan) packets.push(packetOf(scan, sent, startMs + sent / PACKETS_PER_MS));
        }
        send(concatBytes(...packets));
      });
    },
  };
}

function packetOf(scan: Scan, packet: number, atMs: number): Uint8Array {
  const startDeg = (packet * POINTS * STEP_DEG) % TURN_DEG;
  const points = Array.from({ length: POINTS }, (_, at) => pointOf(scan, startDeg + at * STEP_DEG));
  return encodeLd19({
    speedDegPerSecond: SPEED_DEG_PER_SECOND,
    startDeg,
    endDeg: (startDeg + (POINTS - 1) * STEP_DEG) % TURN_DEG,
    timestampMs: Math.floor(atMs) % TIMESTAMP_WRAP_MS,
    points,
  });
}

/** Angles of the device run clockwise. Where nothing came back it says 0, where the beam failed it is unsure. */
function pointOf({ ranges, angleMin, angleStep }: Scan, angleDeg: number): Ld19Point {
  const bearing = (-angleDeg * Math.PI) / 180;
  const turn = Math.round((2 * Math.PI) / angleStep);
  const ray = ((Math.round((bearing - angleMin) / angleStep) % turn) + turn) % turn;
  const range = ranges[ray] ?? NaN;
  if (Number.isNaN(range)) return { angleDeg, distanceMm: 100, confidence: UNSURE };
  return { angleDeg, distanceMm: range === Infinity ? 0 : Math.round(range * 1000), confidence: SURE };
}
