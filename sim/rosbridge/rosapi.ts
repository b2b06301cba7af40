import type { Clock } from "#lib/clock";
import type { RosGraph } from "./graph.ts";
import { type RosMessage, RosTime } from "./message-values.ts";

const NODE = "/rosapi";

/** Offers what the node `rosapi` does: what topics, services, actions and nodes there are. */
export function startRosapi(graph: RosGraph, clock: Clock): void {
  const { types } = graph;
  const text = (request: RosMessage, field: string): string => request[field] as string;
  const nodes = (): string[] => {
    const talking = graph.topics().flatMap(({ name }) => [...graph.publishersOf(name), ...graph.subscribersOf(name)]);
    return [...new Set([NODE, ...talking])];
  };
  const offers: Readonly<Record<string, readonly [type: string, answer: (request: RosMessage) => RosMessage]>> = {
    topics: [
      "Topics",
      () => {
        const topics = graph.topics();
        return { topics: topics.map(({ name }) => name), types: topics.map(({ type }) => types.spell(type)) };
      },
    ],
    topics_for_type: [
      "TopicsForType",
      (request) => {
        const type = types.canonical(text(request, "type"));
        return { topics: graph.topics().flatMap((topic) => (topic.type === type ? [topic.name] : [])) };
      },
    ],
    topic_type: [
      "TopicType",
      (request) => {
        const type = graph.topicType(text(request, "topic"));
        return { type: type ? types.spell(type.name) : "" };
      },
    ],
    publishers: ["Publishers", (request) => ({ publishers: graph.publishersOf(text(request, "topic")) })],
    subscribers: ["Subscribers", (request) => ({ subscribers: graph.subscribersOf(text(request, "topic")) })],
    services: ["Services", () => ({ services: graph.services().map(({ name }) => name) })],
    services_for_type: [
      "ServicesForType",
      (request) => {
        const type = types.canonical(text(request, "type"));
        return { services: graph.services().flatMap((service) => (service.type === type ? [service.name] : [])) };
      },
    ],
    service_type: [
      "ServiceType",
      (request) => {
        const service = graph.service(text(request, "service"));
        return { type: service ? types.spell(service.type, "srv") : "" };
      },
    ],
    nodes: ["Nodes", () => ({ nodes: nodes() })],
    get_time: ["GetTime", () => ({ time: RosTime.fromMs(clock.wallMs()) })],
  };
  const ros2: typeof offers = {
    action_servers: ["GetActionServers", () => ({ action_servers: graph.actions() })],
    get_ros_version: ["GetROSVersion", () => ({ version: 2, distro: "jazzy" })],
  };
  for (const [name, [type, answer]] of Object.entries(types.version === 2 ? { ...offers, ...ros2 } : offers)) {
    graph.serve(`${NODE}/${name}`, types.spell(`rosapi/${type}`, "srv"), async (request) => answer(request));
  }
}
