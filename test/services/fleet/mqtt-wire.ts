/** What a device of the rig says and hears of MQTT 3.1.1: just enough of it that ten thousand fit into one process. */

/** A packet from the broker. */
export type Heard =
  | { readonly kind: "connack" | "suback" | "puback" }
  | { readonly kind: "publish"; readonly packetId: number; readonly topic: string; readonly payload: Buffer };

const CONNECT = 0x10;
const CONNACK = 2;
const PUBLISH_QOS1 = 0x32;
const PUBLISH = 3;
const PUBACK = 4;
const SUBSCRIBE = 0x82;
const SUBACK = 9;
const DISCONNECT = 0xe0;

/** CONNECT with a clean session and a retained QoS-1 will. */
export function connectPacket(clientId: string, willTopic: string, will: string, keepAliveSeconds: number): Buffer {
  const CLEAN_WILL_QOS1_RETAIN = 0b0010_1110;
  const head = Buffer.from([
    0,
    4,
    77,
    81,
    84,
    84,
    4,
    CLEAN_WILL_QOS1_RETAIN,
    keepAliveSeconds >> 8,
    keepAliveSeconds & 255,
  ]);
  return packet(CONNECT, [head, text(clientId), text(willTopic), text(will)]);
}

/** SUBSCRIBE to these filters with QoS 1. */
export function subscribePacket(filters: readonly string[]): Buffer {
  return packet(SUBSCRIBE, [Buffer.from([0, 1]), ...filters.flatMap((filter) => [text(filter), Buffer.from([1])])]);
}

/** PUBLISH with QoS 1. */
export function publishPacket(topic: string, payload: string | Buffer, packetId: number, isRetained = false): Buffer {
  const id = Buffer.from([packetId >> 8, packetId & 255]);
  return packet(PUBLISH_QOS1 | (isRetained ? 1 : 0), [text(topic), id, Buffer.from(payload)]);
}

export function pubackPacket(packetId: number): Buffer {
  return packet(PUBACK << 4, [Buffer.from([packetId >> 8, packetId & 255])]);
}

export function disconnectPacket(): Buffer {
  return packet(DISCONNECT, []);
}

/** Takes bytes as they come and tells each packet when it is whole. */
export function createPacketReader(tell: (heard: Heard) => void): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    for (let whole = cut(rest); whole; whole = cut(rest)) {
      rest = rest.subarray(whole.end);
      const heard = read(whole.type, whole.flags, whole.body);
      if (heard) tell(heard);
    }
  };
}

function read(type: number, flags: number, body: Buffer): Heard | undefined {
  if (type === CONNACK) return { kind: "connack" };
  if (type === SUBACK) return { kind: "suback" };
  if (type === PUBACK) return { kind: "puback" };
  if (type !== PUBLISH) return undefined;
  const topicEnd = 2 + body.readUInt16BE(0);
  const topic = body.toString("utf8", 2, topicEnd);
  const hasId = (flags & 0b0110) !== 0;
  return {
    kind: "publish",
    packetId: hasId ? body.readUInt16BE(topicEnd) : 0,
    topic,
    payload: body.subarray(topicEnd + (hasId ? 2 : 0)),
  };
}

/** MQTT 3.1.1, section 2.2: a byte of type and flags, then the length in groups of seven bits. */
function cut(bytes: Buffer): { type: number; flags: number; body: Buffer; end: number } | undefined {
  let length = 0;
  for (let at = 1; at < Math.min(bytes.length, 5); at++) {
    const group = bytes[at]!;
    length += (group & 127) << (7 * (at - 1));
    if (group >= 128) continue;
    const end = at + 1 + length;
    if (bytes.length < end) return undefined;
    return { type: bytes[0]! >> 4, flags: bytes[0]! & 15, body: bytes.subarray(at + 1, end), end };
  }
  return undefined;
}

function packet(first: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length: number[] = [];
  for (let left = body.length; length.length === 0 || left > 0; left >>= 7) {
    length.push((left & 127) | (left > 127 ? 128 : 0));
  }
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
}
