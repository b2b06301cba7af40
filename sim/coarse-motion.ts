import type { DeviceProfile } from "#agent/profile";

const CONTROL_HZ = 10;
const RAYS_MAX = 120;
const SCAN_HZ = 5;
const SCAN_STALE_MS = 500;
const ODOMETRY_HZ = 10;
const FIX_HZ = 2.5;

/**
 * The same device with motion that is cheap to simulate, for runs that are about contracts and not about driving. It senses and decides
 * more rarely and follows its route by steering for a point ahead; executor, safety gate, physics and collisions are those of full motion, and the
 * gate allows for the longer reaction.
 */
export function coarsen(profile: DeviceProfile): DeviceProfile {
  const { lidar, odometry, position } = profile;
  const { people, frozenMs } = profile.control;
  return {
    ...profile,
    control: { hz: CONTROL_HZ, scanStaleMs: SCAN_STALE_MS, frozenMs, follower: "pursuit", people },
    lidar: { ...lidar, hz: Math.min(SCAN_HZ, lidar.hz), rays: Math.min(RAYS_MAX, lidar.rays) },
    odometry: { ...odometry, hz: Math.min(ODOMETRY_HZ, odometry.hz) },
    position: { ...position, hz: Math.min(FIX_HZ, position.hz) },
  };
}
