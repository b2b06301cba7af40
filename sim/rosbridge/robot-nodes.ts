import type { Clock } from "#lib/clock";
import { assert } from "#lib/errors";
import type { Pose } from "#lib/geometry";
import type { BatterySample, Fix, Odometry, Scan } from "#drivers/driver";
import type { DeviceChannel, DeviceName, SampleMessage } from "#drivers/simulated/channel";
import { createDeviceLink } from "#drivers/simulated/device-link";
import type { RosGraph } from "./graph.ts";
import { populate } from "./message-values.ts";

export interface RobotNodesOptions {
  readonly clock: Clock;
  readonly graph: RosGraph;
  /** A channel to the devices of the robot. */
  readonly channel: DeviceChannel;
  /** What the base listens to. */
  readonly command: "twist" | "twist-stamped";
  /** The controller of the base stops it so long after the last command; `diff_drive_controller` has 500 ms. */
  readonly commandTimeoutMs: number;
  /** Standard deviations that the localiser tells. */
  readonly position: { readonly sigmaXy: number; readonly sigmaYaw: number };
  readonly rangeMin?: number;
}

/** Names of the topics of a robot, those that its drivers use unless told otherwise. */
export const ROBOT_TOPICS = {
  odometry: "/odom",
  scan: "/scan",
  pose: "/amcl_pose",
  battery: "/battery_state",
  command: "/cmd_vel",
  code: "/barcode",
  transforms: "/tf",
} as const;

const NODE = "/robot";
const SCAN_EVERY_MS = 1000;
const REQUEST_MS = 10_000;
const UNKNOWN_STATUS = 0;
const CHARGING = 1;
const DISCHARGING = 2;

/**
 * The nodes of a robot with ROS, fed by a world: driver of the base with its odometry, lidar, localiser, battery, scanner. Resolves
 * when its devices are switched on; disposing ends the nodes.
 */
export async function startRobotNodes(options: RobotNodesOptions): Promise<AsyncDisposable> {
  const { clock, graph, channel, command } = options;
  const devices = channel.description.devices.filter((device) => NEEDED.includes(device));
  const link = createDeviceLink(channel, clock, 1);
  const publish = createPublisher(graph, clock);
  publishSamples(link, publish, options);
  for (const device of devices) {
    await link.request(device, { type: "open", device }, "done", REQUEST_MS);
    await link.request(device, { type: "enable", device }, "done", REQUEST_MS);
  }
  const type = command === "twist" ? "geometry_msgs/Twist" : "geometry_msgs/TwistStamped";
  const listening = graph.subscribe(ROBOT_TOPICS.command, type, NODE, (message) => {
    const { linear, angular } = (command === "twist" ? message : message["twist"]) as unknown as RosTwist;
    link.post({
      type: "drive",
      linear: linear.x,
      ...(linear.y === 0 ? {} : { lateral: linear.y }),
      angular: angular.z,
      validForMs: options.commandTimeoutMs,
    });
  });
  assert(listening.ok, "nobody else has given the topic another type");
  const scanning = devices.includes("scanner") ? readCodes(link, publish, clock) : () => undefined;
  return {
    async [Symbol.asyncDispose]() {
      scanning();
      listening.value();
      publish.end();
      link.release("base");
    },
  };
}

const NEEDED: readonly DeviceName[] = ["base", "lidar", "position", "battery", "scanner"];

interface RosTwist {
  readonly linear: { readonly x: number; readonly y: number };
  readonly angular: { readonly z: number };
}

type Link = ReturnType<typeof createDeviceLink>;

interface Publisher {
  (topic: string, type: string, message: object): void;
  end(): void;
}

/** Publishes what is given as JSON of ROS 2; numbers that JSON does not have are set afterwards. */
function createPublisher(graph: RosGraph, clock: Clock): Publisher {
  const leaving = new Map<string, () => void>();
  const publish = (topic: string, type: string, message: object): void => {
    if (!leaving.has(topic)) {
      const advertised = graph.advertise(topic, type, NODE);
      assert(advertised.ok, "the topics of the robot are its own");
      leaving.set(topic, advertised.value);
    }
    const populated = populate(graph.types.message(type)!, message, clock.wallMs());
    assert(populated.ok, "the robot publishes what fits");
    graph.publish(topic, populated.message, { isLatched: topic === ROBOT_TOPICS.pose });
  };
  return Object.assign(publish, {
    end() {
      for (const leave of leaving.values()) leave();
    },
  });
}

function publishSamples(link: Link, publish: Publisher, options: RobotNodesOptions): void {
  const { clock, position, rangeMin = 0.05 } = options;
  const header = (atMs: number, frame: string): object => {
    const wallMs = clock.wallMs() - (clock.nowMs() - atMs);
    const sec = Math.floor(wallMs / 1000);
    return { stamp: { sec, nanosec: Math.round((wallMs - sec * 1000) * 1e6) }, frame_id: frame };
  };
  on<Odometry>(link, "odometry", ({ atMs, pose, velocity }) => {
    const { linear, lateral = 0, angular } = velocity;
    publish(ROBOT_TOPICS.odometry, "nav_msgs/Odometry", {
      header: header(atMs, "odom"),
      child_frame_id: "base_link",
      pose: { pose: poseOf(pose) },
      twist: { twist: { linear: { x: linear, y: lateral, z: 0 }, angular: { x: 0, y: 0, z: angular } } },
    });
    const { position: translation, orientation: rotation } = poseOf(pose);
    publish(ROBOT_TOPICS.transforms, "tf2_msgs/TFMessage", {
      transforms: [{ header: header(atMs, "odom"), child_frame_id: "base_link", transform: { translation, rotation } }],
    });
  });
  on<Scan>(link, "scan", ({ atMs, angleMin, angleStep, rangeMax, ranges }) => {
    publish(ROBOT_TOPICS.scan, "sensor_msgs/LaserScan", {
      header: header(atMs, "lidar"),
      angle_min: angleMin,
      angle_max: angleMin + angleStep * (ranges.length - 1),
      angle_increment: angleStep,
      range_min: rangeMin,
      range_max: rangeMax,
      ranges: [...ranges],
    });
  });
  on<Fix>(link, "fix", ({ atMs, pose }) => {
    const covariance = Array<number>(36).fill(0);
    [covariance[0], covariance[7], covariance[35]] = [
      position.sigmaXy ** 2,
      position.sigmaXy ** 2,
      position.sigmaYaw ** 2,
    ];
    publish(ROBOT_TOPICS.pose, "geometry_msgs/PoseWithCovarianceStamped", {
      header: header(atMs, "map"),
      pose: { pose: poseOf(pose), covariance },
    });
  });
  on<BatterySample>(link, "battery", ({ atMs, charge, isCharging }) => {
    publish(ROBOT_TOPICS.battery, "sensor_msgs/BatteryState", {
      header: header(atMs, ""),
      voltage: NaN,
      percentage: charge,
      power_supply_status: isCharging ? CHARGING : DISCHARGING,
      power_supply_health: UNKNOWN_STATUS,
      present: true,
    });
  });
}

function on<Sample extends { readonly atMs: number }>(
  link: Link,
  type: SampleMessage["type"],
  take: (sample: Sample) => void,
): void {
  // The link hands over samples of `type` only.
  link.onSample(type, (sample) => take(sample as unknown as Sample));
}

/** Reads what comes before the scanner, about once a second. */
function readCodes(link: Link, publish: Publisher, clock: Clock): () => void {
  let isEnded = false;
  let stopWaiting: () => void = () => undefined;
  const next = (): void => {
    const read = link.request("scanner", { type: "read-code", timeoutMs: SCAN_EVERY_MS }, "code", REQUEST_MS);
    const again = (): void => {
      if (!isEnded) stopWaiting = clock.after(SCAN_EVERY_MS / 2, next);
    };
    read.then(({ code }) => publish(ROBOT_TOPICS.code, "std_msgs/String", { data: code })).then(again, again);
  };
  next();
  return () => {
    isEnded = true;
    stopWaiting();
  };
}

function poseOf({ x, y, yaw }: Pose): { position: object; orientation: object } {
  return {
    position: { x, y, z: 0 },
    orientation: { x: 0, y: 0, z: Math.sin(yaw / 2), w: Math.cos(yaw / 2) },
  };
}
