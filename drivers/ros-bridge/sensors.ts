import { z } from "zod";
import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type {
  BatteryDriver,
  BatterySample,
  Fix,
  ImuDriver,
  ImuSample,
  LidarDriver,
  PositionSource,
  Scan,
  Scanner,
} from "../driver.ts";
import { mountPose } from "../options.ts";
import { readCode } from "../scanner/code.ts";
import type { RosBridge } from "./bridge.ts";
import { readBattery, readFix, readImu, readScan } from "./messages.ts";
import type {
  RosBatteryOptions,
  RosImuOptions,
  RosLidarOptions,
  RosPositionOptions,
  RosScannerOptions,
} from "./options.ts";
import { createTopicDevice } from "./topic-device.ts";

/** What the devices behind a bridge are made of. */
export interface RosDeps {
  readonly clock: Clock;
  readonly bridge: RosBridge;
}

/** The lidar of a robot with ROS. */
export function createRosLidar({ topic, mount, silentMs }: RosLidarOptions, deps: RosDeps): LidarDriver {
  const name = { name: topic, type: "sensor_msgs/LaserScan" };
  const device = createTopicDevice<Scan>({ name: "ros lidar", ...deps, topic: name, silentMs, read: readScan });
  return { ...device, mount: mountPose(mount) };
}

/** The localiser of a robot with ROS. */
export function createRosPosition(options: RosPositionOptions, deps: RosDeps): PositionSource {
  const { topic, frame, sigmaXyMin, sigmaYawMin, silentMs } = options;
  return createTopicDevice<Fix>({
    name: "ros position",
    ...deps,
    topic: { name: topic, type: "geometry_msgs/PoseWithCovarianceStamped" },
    silentMs: silentMs === 0 ? Infinity : silentMs,
    read(message) {
      const reading = readFix(message, frame);
      if (!reading.ok) return reading;
      const { pose, sigmaXy, sigmaYaw } = reading.sample;
      const sigmas = { sigmaXy: Math.max(sigmaXy, sigmaXyMin), sigmaYaw: Math.max(sigmaYaw, sigmaYawMin) };
      return { ...reading, sample: { pose, ...sigmas } };
    },
  });
}

/** The battery of a robot with ROS. */
export function createRosBattery({ topic, percentage, silentMs }: RosBatteryOptions, deps: RosDeps): BatteryDriver {
  return createTopicDevice<BatterySample>({
    name: "ros battery",
    ...deps,
    topic: { name: topic, type: "sensor_msgs/BatteryState" },
    silentMs,
    read: (message) => readBattery(message, percentage),
  });
}

/** The attitude sensor of a robot with ROS. */
export function createRosImu({ topic, silentMs }: RosImuOptions, deps: RosDeps): ImuDriver {
  const name = { name: topic, type: "sensor_msgs/Imu" };
  return createTopicDevice<ImuSample>({ name: "ros imu", ...deps, topic: name, silentMs, read: readImu });
}

const CodeMessage = z.object({ data: z.string() });
/** What was read so shortly before it was asked for still stands in front of the scanner. */
const FRESH_MS = 2000;

/** The scanner of a robot with ROS. */
export function createRosScanner({ topic }: RosScannerOptions, deps: RosDeps): Scanner {
  const { clock } = deps;
  const waiting = new Set<(code: string) => void>();
  const device = createTopicDevice<{ readonly atMs: number; readonly code: string }>({
    name: "ros scanner",
    ...deps,
    topic: { name: topic, type: "std_msgs/String" },
    silentMs: Infinity,
    read(message) {
      const parsed = CodeMessage.safeParse(message);
      const read = parsed.success ? readCode(parsed.data.data) : undefined;
      if (!read?.ok) return { ok: false, reason: "std_msgs/String: no code" };
      const code = read.code.data;
      for (const give of waiting) give(code);
      return { ok: true, stampMs: undefined, sample: { code } };
    },
  });
  return {
    ...device,
    async scan(timeoutMs) {
      device.assertReachable();
      if (!device.isEnabled()) throw new AgentError("driver.failed", "the scanner is not enabled");
      const last = device.latest();
      if (last && clock.nowMs() - last.atMs <= FRESH_MS) return { code: last.code };
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const stop = clock.after(timeoutMs, () =>
        reject(new AgentError("driver.timeout", `no code came in ${timeoutMs} ms`, { retryable: true })),
      );
      waiting.add(resolve);
      try {
        return { code: await promise };
      } finally {
        stop();
        waiting.delete(resolve);
      }
    },
  };
}
