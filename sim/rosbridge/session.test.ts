import { decode as decodeCbor } from "cbor-x";
import { decode as decodePng } from "fast-png";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "#lib/virtual-clock";
import { RosGraph } from "./graph.ts";
import type { RosVersion } from "./message-definitions.ts";
import { createTypeRegistry } from "./message-types.ts";
import { startRosapi } from "./rosapi.ts";
import { createBridgeSession, type SessionOptions } from "./session.ts";

type Json = Record<string, unknown>;

interface Client {
  say(message: object): Promise<void>;
  /** What came since the last call. */
  heard(): Json[];
  end(): void;
}

/** A ROS system with a bridge to it, and clients of it. */
function setUp(version: RosVersion = 2, threads: SessionOptions["threads"] = "many") {
  const clock = new VirtualClock({ nowMs: 5000 });
  const graph = new RosGraph(createTypeRegistry(version));
  startRosapi(graph, clock);
  let clients = 0;
  function connect(): Client {
    let messages: Json[] = [];
    const send = (data: string | Uint8Array): void =>
      void messages.push((typeof data === "string" ? JSON.parse(data) : decodeCbor(data)) as Json);
    const session = createBridgeSession({ clock, graph, node: `/client_${++clients}`, send, threads });
    return {
      async say(message) {
        session.receive(JSON.stringify(message));
        await clock.advance(0);
      },
      heard() {
        const taken = messages;
        messages = [];
        return taken;
      },
      end: () => session.end(),
    };
  }
  return { clock, graph, connect };
}

const TWIST = { linear: { x: 0.5, y: 0, z: 0 }, angular: { x: 0, y: 0, z: 0 } };

describe("topics", () => {
  it("go from clients that publish to those that subscribe, with what was left out as zero", async () => {
    const { connect } = setUp();
    const [a, b] = [connect(), connect()];
    await a.say({ op: "advertise", topic: "/cmd_vel", type: "geometry_msgs/msg/Twist" });
    await b.say({ op: "subscribe", topic: "/cmd_vel" });
    await a.say({ op: "publish", topic: "/cmd_vel", msg: { linear: { x: 0.5 } } });
    expect(b.heard()).toEqual([{ op: "publish", topic: "/cmd_vel", msg: TWIST }]);
    expect(a.heard()).toEqual([]);
  });

  it("refuse unknown fields, wrong types, null and other types of a topic, each with a status", async () => {
    const { connect } = setUp();
    const client = connect();
    await client.say({ op: "advertise", topic: "/cmd_vel", type: "geometry_msgs/Twist" });
    await client.say({ op: "publish", topic: "/cmd_vel", msg: { speed: 1 }, id: "a" });
    await client.say({ op: "publish", topic: "/cmd_vel", msg: { linear: { x: "1" } } });
    await client.say({ op: "publish", topic: "/cmd_vel", msg: { linear: { x: null } } });
    await client.say({ op: "advertise", topic: "/cmd_vel", type: "std_msgs/msg/String" });
    await client.say({ op: "subscribe", topic: "/nothing" });
    expect(client.heard()).toEqual([
      {
        op: "status",
        level: "error",
        msg: "publish: Message type geometry_msgs/Twist does not have a field speed",
        id: "a",
      },
      expect.objectContaining({
        msg: expect.stringContaining("requires a float64 for field linear.x, but got a string"),
      }),
      expect.objectContaining({ msg: expect.stringContaining("but got a null") }),
      expect.objectContaining({
        msg: expect.stringContaining("already established with type geometry_msgs/msg/Twist"),
      }),
      expect.objectContaining({ msg: expect.stringContaining("Cannot infer topic type for topic /nothing") }),
    ]);
  });

  it("get a time where the header has none", async () => {
    const { connect, clock } = setUp();
    const client = connect();
    await client.say({ op: "subscribe", topic: "/p", type: "geometry_msgs/msg/PoseStamped" });
    await client.say({ op: "publish", topic: "/p", msg: { header: { frame_id: "map" } } });
    const [message] = client.heard();
    const sec = Math.floor(clock.wallMs() / 1000);
    expect(message).toMatchObject({ msg: { header: { stamp: { sec, nanosec: 0 }, frame_id: "map" } } });
  });

  it("have stamps and sequence numbers of ROS 1 behind a bridge of ROS 1, which knows no three-part types", async () => {
    const { connect } = setUp(1);
    const client = connect();
    await client.say({ op: "subscribe", topic: "/p", type: "geometry_msgs/PoseStamped" });
    await client.say({ op: "publish", topic: "/p", msg: { header: { stamp: { secs: 7, nsecs: 5 } } } });
    await client.say({ op: "advertise", topic: "/q", type: "std_msgs/msg/String" });
    expect(client.heard()).toEqual([
      expect.objectContaining({
        msg: expect.objectContaining({ header: { seq: 0, stamp: { secs: 7, nsecs: 5 }, frame_id: "" } }),
      }),
      expect.objectContaining({ op: "status", level: "error" }),
    ]);
  });

  it("keep NaN and infinity over CBOR as typed arrays, and lose them to null in JSON", async () => {
    const { connect, graph } = setUp();
    const [json, cbor] = [connect(), connect()];
    const type = "sensor_msgs/msg/LaserScan";
    await json.say({ op: "subscribe", topic: "/scan", type });
    await cbor.say({ op: "subscribe", topic: "/scan", type, compression: "cbor" });
    graph.publish("/scan", { ranges: Float32Array.of(1, NaN, Infinity, -Infinity), range_max: NaN });
    expect(json.heard()).toEqual([
      expect.objectContaining({ msg: { ranges: [1, null, null, null], range_max: null } }),
    ]);
    const [message] = cbor.heard() as [{ msg: { ranges: Float32Array } }];
    expect(message.msg.ranges).toEqual(Float32Array.of(1, NaN, Infinity, -Infinity));
  });

  it("come as the pixels of a PNG when that is asked for", async () => {
    const { connect } = setUp();
    const client = connect();
    await client.say({ op: "subscribe", topic: "/s", type: "std_msgs/msg/String", compression: "png" });
    await client.say({ op: "publish", topic: "/s", msg: { data: "grüß" } });
    const [{ op, data }] = client.heard() as [{ op: string; data: string }];
    const pixels = decodePng(Buffer.from(data, "base64"));
    expect([op, pixels.channels]).toEqual(["png", 3]);
    expect(JSON.parse(Buffer.from(pixels.data as Uint8Array).toString())).toEqual({
      op: "publish",
      topic: "/s",
      msg: { data: "grüß" },
    });
  });

  it("carry bytes as base64 and take them as base64 or as a list", async () => {
    const { connect } = setUp();
    const client = connect();
    await client.say({ op: "subscribe", topic: "/b", type: "std_msgs/msg/UInt8MultiArray" });
    await client.say({ op: "publish", topic: "/b", msg: { data: [1, 2, 255] } });
    await client.say({ op: "publish", topic: "/b", msg: { data: "AQL/" } });
    expect(client.heard().map(({ msg }) => (msg as Json)["data"])).toEqual(["AQL/", "AQL/"]);
  });

  it("drop what comes faster than the throttle, or queue the newest of it", async () => {
    const { connect, clock } = setUp();
    const [talker, dropping, queueing] = [connect(), connect(), connect()];
    const subscribe = { op: "subscribe", topic: "/s", type: "std_msgs/msg/Int32", throttle_rate: 100 };
    await dropping.say(subscribe);
    await queueing.say({ ...subscribe, queue_length: 2 });
    for (let data = 0; data < 5; data++) await talker.say({ op: "publish", topic: "/s", msg: { data } });
    await clock.advance(1000);
    const told = (client: Client): unknown[] => client.heard().map(({ msg }) => (msg as Json)["data"]);
    expect(told(dropping)).toEqual([0]);
    expect(told(queueing)).toEqual([0, 3, 4]);
  });

  it("are unsubscribed one id at a time, or all without one", async () => {
    const { connect, graph } = setUp();
    const client = connect();
    for (const id of ["a", "b"]) await client.say({ op: "subscribe", id, topic: "/s", type: "std_msgs/msg/String" });
    await client.say({ op: "unsubscribe", id: "a", topic: "/s" });
    await client.say({ op: "publish", topic: "/s", msg: { data: "x" } });
    expect(client.heard()).toHaveLength(1);
    await client.say({ op: "unsubscribe", topic: "/s" });
    expect(graph.subscribersOf("/s")).toEqual([]);
  });

  it("forget a client that is gone", async () => {
    const { connect, graph } = setUp();
    const client = connect();
    await client.say({ op: "subscribe", topic: "/s", type: "std_msgs/msg/String" });
    client.end();
    expect(graph.topics()).toEqual([]);
  });
});

describe("the envelope", () => {
  it("is put together from fragments, and cut into them from the first fragment_size on", async () => {
    const { connect } = setUp();
    const client = connect();
    await client.say({ op: "subscribe", topic: "/s", type: "std_msgs/msg/String", fragment_size: 20 });
    const whole = JSON.stringify({ op: "publish", topic: "/s", msg: { data: "hello" } });
    await client.say({ op: "fragment", id: 0, num: 1, total: 2, data: whole.slice(10) });
    await client.say({ op: "fragment", id: 0, num: 0, total: 2, data: whole.slice(0, 10) });
    const fragments = client.heard() as { op: string; id: string; num: number; total: number; data: string }[];
    expect(fragments.map(({ op, num, total, id }) => [op, num, total, typeof id])).toEqual(
      fragments.map((_, num) => ["fragment", num, fragments.length, "string"]),
    );
    expect(fragments.every(({ data }) => data.length <= 20)).toBe(true);
    expect(JSON.parse(fragments.map(({ data }) => data).join(""))).toMatchObject({ msg: { data: "hello" } });
  });

  it("is answered with a status as loud as the client wants", async () => {
    const { connect } = setUp();
    const client = connect();
    await client.say({ op: "dance", id: "d" });
    await client.say({ no: "op" });
    await client.say({ op: "unadvertise", topic: "/s" });
    expect(client.heard()).toEqual([
      { op: "status", level: "error", msg: expect.stringContaining("Unknown operation: dance") as string, id: "d" },
      { op: "status", level: "error", msg: expect.stringContaining("without an op") as string },
    ]);
    await client.say({ op: "set_level", level: "warning" });
    await client.say({ op: "unadvertise", topic: "/s" });
    await client.say({ op: "set_level", level: "none" });
    await client.say({ op: "dance" });
    await client.say({ op: "publish" });
    expect(client.heard()).toEqual([expect.objectContaining({ level: "warning" })]);
  });
});

describe("services", () => {
  it("of rosapi name topics and their types", async () => {
    const { connect } = setUp();
    const client = connect();
    await client.say({ op: "advertise", topic: "/cmd_vel", type: "geometry_msgs/msg/Twist" });
    await client.say({ op: "call_service", id: "1", service: "/rosapi/topics" });
    await client.say({ op: "call_service", id: "2", service: "/rosapi/topic_type", args: ["/cmd_vel"] });
    await client.say({ op: "call_service", id: "3", service: "/nowhere" });
    const answer = { op: "service_response", result: true };
    expect(client.heard()).toEqual([
      {
        ...answer,
        id: "1",
        service: "/rosapi/topics",
        values: { topics: ["/cmd_vel"], types: ["geometry_msgs/msg/Twist"] },
      },
      { ...answer, id: "2", service: "/rosapi/topic_type", values: { type: "geometry_msgs/msg/Twist" } },
      { ...answer, id: "3", service: "/nowhere", values: "Service /nowhere does not exist", result: false },
    ]);
  });

  it("of a client are called by another, and fail when it is gone", async () => {
    const { connect } = setUp();
    const [server, client] = [connect(), connect()];
    await server.say({ op: "advertise_service", service: "/lift", type: "std_srvs/srv/SetBool" });
    await client.say({ op: "call_service", id: "c", service: "/lift", args: { data: true } });
    const [request] = server.heard() as [{ id: string }];
    expect(request).toMatchObject({ op: "call_service", service: "/lift", args: { data: true } });
    const values = { success: true, message: "up" };
    await server.say({ op: "service_response", id: request.id, service: "/lift", values, result: true });
    expect(client.heard()).toEqual([{ op: "service_response", id: "c", service: "/lift", values, result: true }]);
    await client.say({ op: "call_service", service: "/lift", args: { data: false } });
    server.end();
    await client.say({ op: "publish", topic: "/none", msg: {} });
    expect(client.heard()).toContainEqual(expect.objectContaining({ op: "service_response", result: false }));
  });

  it("that are not answered in time fail", async () => {
    const { connect, clock } = setUp();
    const [server, client] = [connect(), connect()];
    await server.say({ op: "advertise_service", service: "/lift", type: "std_srvs/srv/Trigger" });
    await client.say({ op: "call_service", service: "/lift", timeout: 0.5 });
    await clock.advance(600);
    const failure = { op: "service_response", result: false, values: expect.stringContaining("Timeout") as string };
    expect(client.heard()).toContainEqual(expect.objectContaining(failure));
  });
});

describe("actions", () => {
  const goal = { op: "send_action_goal", id: "g", action: "/go", action_type: "nav2_msgs/action/NavigateToPose" };

  it("are served by a client: goal, feedback, cancelling and result", async () => {
    const { connect } = setUp();
    const [server, client] = [connect(), connect()];
    await server.say({ op: "advertise_action", action: "/go", type: goal.action_type });
    await client.say({ ...goal, feedback: true, args: { behavior_tree: "x" } });
    const [{ id, args }] = server.heard() as [{ id: string; args: Json }];
    expect(args).toMatchObject({ behavior_tree: "x", pose: { header: { frame_id: "" } } });
    await server.say({ op: "action_feedback", id, action: "/go", values: { distance_remaining: 1.5 } });
    await client.say({ op: "cancel_action_goal", id: "g", action: "/go" });
    expect(server.heard()).toEqual([{ op: "cancel_action_goal", id, action: "/go" }]);
    await server.say({ op: "action_result", id, action: "/go", values: {}, status: 5, result: true });
    expect(client.heard()).toEqual([
      expect.objectContaining({ op: "action_feedback", id: "g", action: "/go" }),
      {
        op: "action_result",
        id: "g",
        action: "/go",
        values: { error_code: 0, error_msg: "" },
        status: 5,
        result: true,
      },
    ]);
  });

  it("that nobody serves, and all behind ROS 1, fail with a reason", async () => {
    for (const version of [1, 2] as const) {
      const client = setUp(version).connect();
      await client.say(goal);
      const failure = { op: "action_result", id: "g", status: 0, result: false, values: expect.any(String) as string };
      expect(client.heard()).toEqual([expect.objectContaining(failure)]);
    }
  });

  it("hold up all else of their client where the bridge has one thread, cancelling included", async () => {
    const { connect } = setUp(2, "one");
    const [server, client, other] = [connect(), connect(), connect()];
    await server.say({ op: "advertise_action", action: "/go", type: goal.action_type });
    await client.say(goal);
    const [{ id }] = server.heard() as [{ id: string }];
    await client.say({ op: "cancel_action_goal", id: "g", action: "/go" });
    expect(server.heard()).toEqual([]);
    await other.say({ op: "call_service", service: "/go/_action/cancel_goal" });
    expect(server.heard()).toEqual([{ op: "cancel_action_goal", id, action: "/go" }]);
  });
});
