import { z } from "zod";
import type { Leave } from "./graph.ts";
import { populate, type RosMessage, toCborValue, toJson } from "./message-values.ts";
import type { Operations, OperationId, SessionContext } from "./session-context.ts";
import { type Compression, createTopicStream, type SubscriptionTerms, type TopicStream } from "./subscription.ts";
import { encodeCbor, pngOf } from "./wire.ts";

const Advertise = z.looseObject({ topic: z.string(), type: z.string(), latch: z.boolean().default(false) });
const OnTopic = z.looseObject({ topic: z.string() });
const Publish = z.looseObject({ topic: z.string(), msg: z.unknown().optional(), latch: z.boolean().default(false) });
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
  const [publishing, listening] = [publisherOperations(context), subscriberOperations(context)];
  return {
    byOp: { ...publishing.byOp, ...listening.byOp },
    end() {
      publishing.end();
      listening.end();
    },
  };
}

function publisherOperations({ clock, graph, node, status }: SessionContext): Operations {
  const publishers = new Map<string, Publisher>();

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
  return {
    byOp: {
      advertise(message, id) {
        const { topic, type, latch } = Advertise.parse(message);
        advertise(topic, type, latch, id);
      },
      publish(message, id) {
        const { topic, msg, latch } = Publish.parse(message);
        // A topic that somebody else has established needs no advertising.
        if (!publishers.has(topic) && !advertise(topic, undefined, latch, id)) return;
        const populated = populate(graph.topicType(topic)!, msg, clock.wallMs());
        if (!populated.ok) return status("error", `publish: ${populated.reason}`, id);
        graph.publish(topic, populated.message, { isLatched: latch || publishers.get(topic)!.isLatched });
      },
      unadvertise(message, id) {
        const { topic } = OnTopic.parse(message);
        const publisher = publishers.get(topic);
        if (!publisher) return status("warning", `unadvertise: ${topic} is not advertised`, id);
        publisher.ids.delete(id);
        if (publisher.ids.size > 0 && id !== undefined) return;
        publisher.leave();
        publishers.delete(topic);
      },
    },
    end() {
      for (const { leave } of publishers.values()) leave();
      publishers.clear();
    },
  };
}

function subscriberOperations(context: SessionContext): Operations {
  const { clock, graph, node, status } = context;
  const streams = new Map<string, { readonly stream: TopicStream; readonly leave: Leave }>();

  function join(topic: string, type: string | undefined, id: OperationId, terms: SubscriptionTerms): void {
    const known = streams.get(topic);
    const isOther = type !== undefined && graph.types.message(type)?.name !== graph.topicType(topic)?.name;
    if (known && isOther) return status("error", `subscribe: topic ${topic} is not of type ${type}`, id);
    if (known) return known.stream.add(keyOf(id), terms);
    const stream = createTopicStream(clock, (value, compression) => tell(context, topic, value, compression));
    stream.add(keyOf(id), terms);
    const result = graph.subscribe(topic, type, node, (value) => stream.offer(value));
    if (!result.ok) return status("error", `subscribe: ${result.reason}`, id);
    streams.set(topic, { stream, leave: result.value });
    status("info", `Subscribed to ${topic}`, id);
  }
  return {
    byOp: {
      subscribe(message, id) {
        const {
          topic,
          type,
          throttle_rate: throttleRate,
          queue_length: queueLength,
          compression,
        } = Subscribe.parse(message);
        join(topic, type, id, { throttleRate, queueLength, compression });
      },
      unsubscribe(message, id) {
        const { topic } = OnTopic.parse(message);
        const known = streams.get(topic);
        known?.stream.remove(keyOf(id));
        if (!known?.stream.isEmpty()) return;
        known.leave();
        known.stream.end();
        streams.delete(topic);
        status("info", `Unsubscribed from ${topic}`, id);
      },
    },
    end() {
      for (const { leave, stream } of streams.values()) {
        leave();
        stream.end();
      }
      streams.clear();
    },
  };
}

function tell(context: SessionContext, topic: string, value: RosMessage, compression: Compression): void {
  const { version } = context.graph.types;
  const message = { op: "publish", topic };
  if (compression === "cbor") return context.sayBytes(encodeCbor({ ...message, msg: toCborValue(value, version) }));
  const json = { ...message, msg: toJson(value, version) };
  context.say(compression === "png" ? pngOf(JSON.stringify(json)) : json);
}

function keyOf(id: OperationId): string | undefined {
  return id === undefined ? undefined : String(id);
}
