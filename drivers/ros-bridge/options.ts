import { z } from "zod";
import { Mount } from "../options.ts";

const Topic = (usual: string, description: string) =>
  z
    .string()
    .regex(/^\/[A-Za-z0-9_/]+$/, "a topic's name begins with / and holds letters, digits, _ and /")
    .default(usual)
    .meta({ description });
const silence = (usualMs: number) =>
  z
    .number()
    .min(100)
    .max(60_000)
    .default(usualMs)
    .meta({ unit: "ms", description: "so long without a message means that its node is lost" });

/** The rosbridge through which all devices of the driver `ros` are reached. */
export const RosBridgeOptions = z.strictObject({
  driver: z.literal("ros").default("ros"),
  url: z
    .url({ protocol: /^wss?$/ })
    .default("ws://127.0.0.1:9090")
    .meta({ description: "where it listens; on this computer, for it asks nobody who they are" }),
  ros: z.enum(["detect", "1", "2"]).default("detect").meta({
    description: "generation of ROS behind it; detect asks rosapi",
  }),
});
export type RosBridgeOptions = z.infer<typeof RosBridgeOptions>;

/** A base that obeys `cmd_vel` and tells its odometry. */
export const RosBaseOptions = z.strictObject({
  driver: z.literal("ros"),
  command: Topic("/cmd_vel", "topic that the base obeys"),
  commandType: z.enum(["detect", "twist", "twist-stamped"]).default("detect").meta({
    description: "what is sent: Twist or TwistStamped; detect asks rosapi what the base listens to",
  }),
  frame: z.string().default("base_link").meta({ description: "frame of stamped commands" }),
  odometry: Topic("/odom", "nav_msgs/Odometry"),
  silentMs: silence(500),
  watchdog: z.enum(["guard", "device", "none"]).default("guard").meta({
    description: "what stops the base when we are gone: a guard process, or the time limit of its own controller",
  }),
});
export type RosBaseOptions = z.infer<typeof RosBaseOptions>;

/** A planar lidar: `sensor_msgs/LaserScan`. */
export const RosLidarOptions = z.strictObject({
  driver: z.literal("ros"),
  topic: Topic("/scan", "sensor_msgs/LaserScan"),
  mount: Mount,
  silentMs: silence(600),
});
export type RosLidarOptions = z.infer<typeof RosLidarOptions>;

/** A localiser: `geometry_msgs/PoseWithCovarianceStamped`, as AMCL and SLAM Toolbox publish it. */
export const RosPositionOptions = z.strictObject({
  driver: z.literal("ros"),
  topic: Topic("/amcl_pose", "geometry_msgs/PoseWithCovarianceStamped"),
  frame: z.string().default("map").meta({ description: "poses in other frames are not taken" }),
  sigmaXyMin: z.number().min(0.001).max(1).default(0.02).meta({
    unit: "m",
    description: "no pose counts as more certain than this, whatever its covariance says",
  }),
  sigmaYawMin: z
    .number()
    .min(0.001)
    .max(1)
    .default(0.01)
    .meta({ unit: "rad", description: "the same for the heading" }),
  silentMs: z.number().min(0).max(600_000).default(0).meta({
    unit: "ms",
    description: "so long without a pose means that it is lost; 0: it may be silent, as AMCL is while the robot stands",
  }),
});
export type RosPositionOptions = z.infer<typeof RosPositionOptions>;

/** A battery: `sensor_msgs/BatteryState`. */
export const RosBatteryOptions = z.strictObject({
  driver: z.literal("ros"),
  topic: Topic("/battery_state", "sensor_msgs/BatteryState"),
  percentage: z.enum(["share", "percent"]).default("share").meta({
    description: "what the field percentage holds: 0 to 1, as ROS has it, or 0 to 100, as some drivers do",
  }),
  silentMs: silence(10_000),
});
export type RosBatteryOptions = z.infer<typeof RosBatteryOptions>;

/** A scanner that publishes what it reads: `std_msgs/String`. */
export const RosScannerOptions = z.strictObject({
  driver: z.literal("ros"),
  topic: Topic("/barcode", "std_msgs/String, one message a code"),
});
export type RosScannerOptions = z.infer<typeof RosScannerOptions>;

/** An attitude sensor: `sensor_msgs/Imu`. */
export const RosImuOptions = z.strictObject({
  driver: z.literal("ros"),
  topic: Topic("/imu/data", "sensor_msgs/Imu with an orientation"),
  silentMs: silence(1000),
});
export type RosImuOptions = z.infer<typeof RosImuOptions>;

/** Nav2 as the navigation: `nav2_msgs/NavigateToPose`. ROS 2 only. */
export const RosPilotOptions = z.strictObject({
  driver: z.literal("ros"),
  action: Topic("/navigate_to_pose", "nav2_msgs/NavigateToPose"),
  velocity: Topic("/cmd_vel_nav", "topic to which the velocities of Nav2 are remapped, for our gate to judge them"),
  velocityType: z.enum(["twist", "twist-stamped"]).default("twist").meta({
    description: "what Nav2 publishes there: TwistStamped where enable_stamped_cmd_vel is set",
  }),
  gate: z.enum(["own", "external"]).default("own").meta({
    description: "external: Nav2 commands the base itself; the profile's gate must say the same",
  }),
  goalTopic: Topic(
    "/goal_pose",
    "topic on which Nav2 takes goals as well: where it is sent to stay when it can't be cancelled",
  ),
});
export type RosPilotOptions = z.infer<typeof RosPilotOptions>;
