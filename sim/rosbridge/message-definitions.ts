/** The two generations of ROS: they differ in the names of types, in time stamps and in what there is of actions. */
export type RosVersion = 1 | 2;

/**
 * The messages that this bridge can carry, in the notation of `.msg` files, by `package/Name`. Names without a package are of
 * `std_msgs` (Header) or of the same package.
 */
export const MESSAGE_DEFINITIONS: Readonly<Record<string, string>> = {
  "std_msgs/Empty": "",
  "std_msgs/Bool": "bool data",
  "std_msgs/String": "string data",
  "std_msgs/Int32": "int32 data",
  "std_msgs/Int64": "int64 data",
  "std_msgs/UInt8": "uint8 data",
  "std_msgs/UInt8MultiArray": "MultiArrayLayout layout\nuint8[] data",
  "std_msgs/MultiArrayLayout": "MultiArrayDimension[] dim\nuint32 data_offset",
  "std_msgs/MultiArrayDimension": "string label\nuint32 size\nuint32 stride",
  "std_msgs/Float32": "float32 data",
  "std_msgs/Float64": "float64 data",
  "geometry_msgs/Vector3": "float64 x\nfloat64 y\nfloat64 z",
  "geometry_msgs/Point": "float64 x\nfloat64 y\nfloat64 z",
  "geometry_msgs/Quaternion": "float64 x\nfloat64 y\nfloat64 z\nfloat64 w",
  "geometry_msgs/Pose": "Point position\nQuaternion orientation",
  "geometry_msgs/PoseStamped": "Header header\nPose pose",
  "geometry_msgs/PoseWithCovariance": "Pose pose\nfloat64[36] covariance",
  "geometry_msgs/PoseWithCovarianceStamped": "Header header\nPoseWithCovariance pose",
  "geometry_msgs/Transform": "Vector3 translation\nQuaternion rotation",
  "geometry_msgs/TransformStamped": "Header header\nstring child_frame_id\nTransform transform",
  "geometry_msgs/Twist": "Vector3 linear\nVector3 angular",
  "geometry_msgs/TwistStamped": "Header header\nTwist twist",
  "geometry_msgs/TwistWithCovariance": "Twist twist\nfloat64[36] covariance",
  "nav_msgs/Odometry":
    "Header header\nstring child_frame_id\ngeometry_msgs/PoseWithCovariance pose\ngeometry_msgs/TwistWithCovariance twist",
  "sensor_msgs/LaserScan":
    "Header header\nfloat32 angle_min\nfloat32 angle_max\nfloat32 angle_increment\nfloat32 time_increment\n" +
    "float32 scan_time\nfloat32 range_min\nfloat32 range_max\nfloat32[] ranges\nfloat32[] intensities",
  "sensor_msgs/BatteryState":
    "Header header\nfloat32 voltage\nfloat32 temperature\nfloat32 current\nfloat32 charge\nfloat32 capacity\n" +
    "float32 design_capacity\nfloat32 percentage\nuint8 power_supply_status\nuint8 power_supply_health\n" +
    "uint8 power_supply_technology\nbool present\nfloat32[] cell_voltage\nfloat32[] cell_temperature\n" +
    "string location\nstring serial_number",
  "sensor_msgs/Imu":
    "Header header\ngeometry_msgs/Quaternion orientation\nfloat64[9] orientation_covariance\n" +
    "geometry_msgs/Vector3 angular_velocity\nfloat64[9] angular_velocity_covariance\n" +
    "geometry_msgs/Vector3 linear_acceleration\nfloat64[9] linear_acceleration_covariance",
  "tf2_msgs/TFMessage": "geometry_msgs/TransformStamped[] transforms",
  "diagnostic_msgs/KeyValue": "string key\nstring value",
  "diagnostic_msgs/DiagnosticStatus": "byte level\nstring name\nstring message\nstring hardware_id\nKeyValue[] values",
  "diagnostic_msgs/DiagnosticArray": "Header header\nDiagnosticStatus[] status",
  "actionlib_msgs/GoalID": "time stamp\nstring id",
  "unique_identifier_msgs/UUID": "uint8[16] uuid",
  "action_msgs/GoalInfo": "unique_identifier_msgs/UUID goal_id\ntime stamp",
};

/** Services: request and response, as in `.srv` files. */
export const SERVICE_DEFINITIONS: Readonly<Record<string, readonly [request: string, response: string]>> = {
  "std_srvs/Empty": ["", ""],
  "std_srvs/Trigger": ["", "bool success\nstring message"],
  "std_srvs/SetBool": ["bool data", "bool success\nstring message"],
  "action_msgs/CancelGoal": [
    "action_msgs/GoalInfo goal_info",
    "int8 return_code\naction_msgs/GoalInfo[] goals_canceling",
  ],
  "rosapi/Topics": ["", "string[] topics\nstring[] types"],
  "rosapi/TopicsForType": ["string type", "string[] topics"],
  "rosapi/TopicType": ["string topic", "string type"],
  "rosapi/Services": ["", "string[] services"],
  "rosapi/ServicesForType": ["string type", "string[] services"],
  "rosapi/ServiceType": ["string service", "string type"],
  "rosapi/GetActionServers": ["", "string[] action_servers"],
  "rosapi/Nodes": ["", "string[] nodes"],
  "rosapi/Publishers": ["string topic", "string[] publishers"],
  "rosapi/Subscribers": ["string topic", "string[] subscribers"],
  "rosapi/GetTime": ["", "time time"],
  "rosapi/GetROSVersion": ["", "uint8 version\nstring distro"],
};

/** Actions of ROS 2: goal, result and feedback, as in `.action` files. */
export const ACTION_DEFINITIONS: Readonly<Record<string, readonly [goal: string, result: string, feedback: string]>> = {
  "nav2_msgs/NavigateToPose": [
    "geometry_msgs/PoseStamped pose\nstring behavior_tree",
    "uint16 error_code\nstring error_msg",
    "geometry_msgs/PoseStamped current_pose\nduration navigation_time\nduration estimated_time_remaining\n" +
      "int16 number_of_recoveries\nfloat32 distance_remaining\nfloat32 position_tracking_error\nfloat32 heading_tracking_error",
  ],
  "nav2_msgs/DockRobot": [
    "bool use_dock_id\nstring dock_id\ngeometry_msgs/PoseStamped dock_pose\nstring dock_type\n" +
      "float32 max_staging_time\nbool navigate_to_staging_pose",
    "bool success\nuint16 error_code\nuint16 num_retries\nstring error_msg",
    "uint16 state\nduration docking_time\nuint16 num_retries",
  ],
  "nav2_msgs/UndockRobot": [
    "string dock_type\nfloat32 max_undocking_time",
    "bool success\nuint16 error_code\nstring error_msg",
    "",
  ],
};
