/** Direction of a topic, seen from the device. */
export type Direction = "up" | "down";

/** Every topic below a device's root (`hf/v1/<site>/<device>/`), its direction, and whether the broker retains it. */
export const TOPICS = {
  presence: { direction: "up", retain: true },
  reply: { direction: "up", retain: false },
  journal: { direction: "up", retain: false },
  ack: { direction: "down", retain: false },
  telemetry: { direction: "up", retain: false },
  contract: { direction: "down", retain: false },
  command: { direction: "down", retain: false },
  "replan-request": { direction: "up", retain: false },
} as const satisfies Record<string, { direction: Direction; retain: boolean }>;

export type TopicName = keyof typeof TOPICS;

/** `hf/v1/<site>/<device>/<name>`. */
export function topicOf(site: string, deviceId: string, name: TopicName): string {
  return `hf/v1/${site}/${deviceId}/${name}`;
}

/** The filter with which the cloud hears one topic of all devices of a site. */
export function filterOf(site: string, name: TopicName): string {
  return `hf/v1/${site}/+/${name}`;
}

/** The parts of a topic below our root, or undefined when it is not one of ours. */
export function parseTopic(topic: string): { site: string; deviceId: string; name: TopicName } | undefined {
  const [root, version, site, deviceId, name, ...rest] = topic.split("/");
  if (root !== "hf" || version !== "v1" || !site || !deviceId || !name || rest.length > 0) return undefined;
  return Object.hasOwn(TOPICS, name) ? { site, deviceId, name: name as TopicName } : undefined;
}
