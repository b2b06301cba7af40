import type { BaseDriver } from "#drivers/driver";
import { type Clock, repeat } from "#lib/clock";
import { wrapAngle } from "#lib/geometry";
import type { Metres, MetresPerSecond } from "#lib/units";

/** Two motors of an emulated base, which go on as they were told last. */
export interface Wheels {
  /** Speeds of the rims. */
  turn(left: MetresPerSecond, right: MetresPerSecond): void;
  /** How far each rim has rolled since the beginning, and how fast it rolls. */
  rolled(): { readonly left: Metres; readonly right: Metres; readonly leftSpeed: number; readonly rightSpeed: number };
}

/** The world's robot stops by itself when it is not told again, which motors are never. */
const TELL_EVERY_MS = 50;
const VALID_MS = 150;

/** The wheels of the world's robot, as a base with wheels `track` apart drives and counts them. */
export function createWheels(clock: Clock, base: BaseDriver, track: Metres, stack: AsyncDisposableStack): Wheels {
  let wanted = { linear: 0, angular: 0 };
  const rolled = { left: 0, right: 0 };
  let last = base.latest();
  const tell = (): void => {
    count();
    base.drive(wanted, VALID_MS);
  };
  stack.defer(repeat(clock, TELL_EVERY_MS, tell));

  function count(): void {
    const now = base.latest();
    if (!now || now === last) return;
    if (last) {
      const [dx, dy] = [now.pose.x - last.pose.x, now.pose.y - last.pose.y];
      const turned = wrapAngle(now.pose.yaw - last.pose.yaw);
      const heading = last.pose.yaw + turned / 2;
      const forward = dx * Math.cos(heading) + dy * Math.sin(heading);
      rolled.left += forward - (turned * track) / 2;
      rolled.right += forward + (turned * track) / 2;
    }
    last = now;
  }
  return {
    turn(left, right) {
      wanted = { linear: (left + right) / 2, angular: (right - left) / track };
      tell();
    },
    rolled() {
      count();
      const { linear, angular } = last?.velocity ?? wanted;
      return { ...rolled, leftSpeed: linear - (angular * track) / 2, rightSpeed: linear + (angular * track) / 2 };
    },
  };
}
