import { z } from "zod";
import type { Leave } from "./graph.ts";
import { populate, type RosMessage, toCborValue, toJson } from "./message-values.ts";
import type { Operations, OperationId, SessionContext } from "./session-context.ts";
import { type Compression, createTopicStream, type TopicStream } from "./subscription.ts";
import { encodeCbor, pngOf } from "./wire.ts";

const Advertise = z.looseObject({ topic: z.string(), type: z.string(), latch: z.boolean().default(false) });
const OnTopic = z.looseObject({ topic: z.string() });
const Publish = z.looseObject({ topic: z.string(), msg: z.unknown(), latch: z.boolean().default(false) });
const Subscribe = z.looseObject({
  topic: z.string(),
  type: z.string().optional(),
  throttle_rate: z.int().min(0).default(0),
  queue_length: z.int().min(0).default(0),
  compression: z.enum(["none", "png", "cbor"]).default("none"),
});

interface Publisher {
  readonly ids: Set<OperationId>;
  readonly leave: Leave;
  readonly isLatched: boolean;
}

/** advertise, unadvertise, publish, subscribe, unsubscribe. */
export function topicOperations(context: SessionContext): Operations {
  const { clock, graph, node, status } = context;
  const publishers = new Map<string, Publisher>();
  const streams = new Map<string, { readonly stream: TopicStream; readonly leave: Leave }>();

  function advertise(topic: string, type: string | undefined, isLatched: boolean, id: OperationId): boolean {
    const known = publishers.get(topic);
    const result = graph.advertise(topic, type, node);
    if (!result.ok) {
      status("error", result.reason, id);
      return false;
    }
    known?.leave();
    const ids = (known?.ids ?? new Set<OperationId>()).add(id);
    publishers.set(topic, { ids, leave: result.value, isLatched: isLatched || (known?.isLatched ?? false) });
    return true;
  }
  function publish(message: unknown, id: OperationId): void {
    const { topic, msg, latch } = Publish.parse(message);
    // A topic that somebody else has established needs no advertising.
    if (!publishers.has(topic) && !advertise(topic, undefined, latch, id)) return;
    const type = graph.topicType(topic)!;
    const populated = populate(type, msg, clock.wallMs());
    if (!populated.ok) return status("error", `publish: ${populated.reason}`, id);
    graph.publish(topic, populated.message, { isLatched: latch || publishers.get(topic)!.isLatched });
  }
  function subscribe(message: unknown, id: OperationId): void {
    const { topic, type, throttle_rate: throttleRate, ...rest } = Subscribe.parse(message);
    const terms = { throttleRate, queueLength: rest.queue_length, compression: rest.compression };
    const known = streams.get(topic);
    const key = id === undefined ? undefined : String(id);
    if (known) {
      const expected = type === undefined ? undefined : graph.types.message(type)?.name;
      if (type !== undefined && expected !== graph.topicType(topic)?.name) {
        return status("error", `subscribe: topic ${topic} is not of type ${type}`, id);
      }
      return known.stream.add(key, terms);
    }
    const stream = createTopicStream(clock, (value, compression) => tell(topic, value, compression));
    stream.add(key, terms);
    const result = graph.subscribe(topic, type, node, (value) => stream.offer(value));
    if (!result.ok) return status("error", `subscribe: ${result.reason}`, id);
    streams.set(topic, { stream, leave: result.value });
    status("info", `Subscribed to ${topic}`, id);
  }
  function tell(topic: string, value: RosMessage, compression: Compression): void {
    const { version } = graph.types;
    const message = { op: "publish", topic };
    if (compression === "cbor") return context.sayBytes(encodeCbor({ ...message, msg: toCborValue(value, version) }));
    const json = { ...message, msg: toJson(value, version) };
    context.say(compression === "png" ? pngOf(JSON.stringify(json)) : json);
  }
  return {
    byOp: {
      publish,
      subscribe,
      advertise(message, id) {
        const { topic, type, latch } = Advertise.parse(message);
        advertise(topic, type, latch, id);
      },
      unadvertise(message, id) {
        const { topic } = OnTopic.parse(message);
        const publisher = publishers.get(topic);
        if (!publisher) return status("warning", `unadvertise: ${topic} is not advertised`, id);
        publisher.ids.delete(id);
        if (publisher.ids.size > 0 && id !== undefined) return undefined;
        publisher.leave();
        publishers.delete(topic);
        return undefined;
      },
      unsubscribe(message, id) {
        const { topic } = OnTopic.parse(message);
        const known = streams.get(topic);
        known?.stream.remove(id === undefined ? undefined : String(id));
        if (!known?.stream.isEmpty()) return;
        known.leave();
        known.stream.end();
        streams.delete(topic);
        status("info", `Unsubscribed from ${topic}`, id);
      },
    },
    end() {
      for (const { leave } of publishers.values()) leave();
      for (const { leave, stream } of streams.values()) {
        leave();
        stream.end();
      }
      publishers.clear();
      streams.clear();
    },
  };
}
