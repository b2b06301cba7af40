import type { EmulatedDevice } from "#drivers/bench/memory-lines";
import type { Fix, Source } from "#drivers/driver";
import { bytesOf } from "#drivers/framing/bytes";
import { type Clock, repeat } from "#lib/clock";

const LOOK_EVERY_MS = 20;

/** A localiser that prints each fix of the world's position source on a line. */
export function emulateLocaliser(position: Source<Fix>, clock: Clock): EmulatedDevice {
  return {
    receive: () => undefined,
    connect(send) {
      let last = position.latest();
      return repeat(clock, LOOK_EVERY_MS, () => {
        const fix = position.latest();
        if (!fix || fix === last) return;
        last = fix;
        const { pose, sigmaXy, sigmaYaw } = fix;
        const words = [pose.x, pose.y, pose.yaw, sigmaXy, sigmaYaw].map((value) => value.toFixed(4));
        send(bytesOf(`POSE ${words.join(" ")}\n`));
      });
    },
  };
}
