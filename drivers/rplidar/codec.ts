import { concatBytes, viewOf } from "../framing/bytes.ts";
import { xor8 } from "../framing/checksums.ts";
import type { FrameFormat, Reading } from "../framing/frame-decoder.ts";
import { CAPSULE_BYTES, isCapsuleStart, readCapsule, type Capsule } from "./capsule.ts";
import { NODE_BYTES, readNode, type ScanNode } from "./node.ts";

/** What an RPLIDAR says: the head of an answer, answers, and the points of a scan. */
export type RplidarFrame =
  | { readonly type: "descriptor"; readonly descriptor: Descriptor }
  | { readonly type: "answer"; readonly answer: number; readonly data: Uint8Array }
  | { readonly type: "node"; readonly node: ScanNode }
  | { readonly type: "capsule"; readonly capsule: Capsule };

export interface Descriptor {
  /** Bytes of each answer. */
  readonly length: number;
  /** 0: one answer; 1: answers until told to stop. */
  readonly mode: number;
  readonly answer: number;
}

export const RPLIDAR_COMMAND = {
  stop: 0x25,
  reset: 0x40,
  scan: 0x20,
  forceScan: 0x21,
  expressScan: 0x82,
  getInfo: 0x50,
  getHealth: 0x52,
  getSampleRate: 0x59,
  motorSpeed: 0xa8,
  motorPwm: 0xf0,
  accessoryBoard: 0xff,
} as const;

/** Kinds of answer, as descriptors name them. */
export const RPLIDAR_ANSWER = { info: 0x04, health: 0x06, sampleRate: 0x15, scan: 0x81, express: 0x82 } as const;

const [REQUEST, DESCRIPTOR] = [0xa5, 0x5a];
const DESCRIPTOR_BYTES = 7;
/** Of single answers; the longest known one has 20. */
const ANSWER_BYTES_MAX = 256;
/** The check of a node is two bits only: after noise so many in a row must be good. */
const NODES_IN_A_ROW = 4;

type Expected = { readonly type: "nothing" } | { readonly type: "answer"; readonly descriptor: Descriptor } | Stream;
/** A scan; `isAligned` while each point followed the last. */
type Stream = { readonly type: "nodes" | "capsules"; readonly isAligned: boolean };

/**
 * The stream from the lidar. It depends on the last descriptor what the bytes mean, so each connection needs a format of its
 * own. Source: SLAMTEC, "RPLIDAR Interface Protocol", and `sl_lidar_cmd.h` of its SDK.
 */
export function createRplidarFormat(): FrameFormat<RplidarFrame> {
  let expected: Expected = { type: "nothing" };

  function readDescriptor(bytes: Uint8Array): Reading<RplidarFrame> {
    if (bytes.length < DESCRIPTOR_BYTES) return "incomplete";
    const bits = viewOf(bytes).getUint32(2, true);
    const descriptor = { length: bits & 0x3fff_ffff, mode: bits >>> 30, answer: bytes[6]! };
    const next = expectedAfter(descriptor);
    if (!next) return { garbage: 1 };
    expected = next;
    return { frame: { type: "descriptor", descriptor }, length: DESCRIPTOR_BYTES };
  }
  /** Noise: from here on points must prove themselves. */
  function lost(): Reading<RplidarFrame> {
    if ("isAligned" in expected) expected = { ...expected, isAligned: false };
    return { garbage: 1 };
  }
  function readNodes(bytes: Uint8Array, isAligned: boolean): Reading<RplidarFrame> {
    const needed = isAligned ? 1 : NODES_IN_A_ROW;
    for (let at = 0; at < needed; at++) {
      const from = bytes.subarray(at * NODE_BYTES);
      if (from.length < NODE_BYTES) return isHopeless(from) ? lost() : "incomplete";
      if (!readNode(from)) return lost();
    }
    expected = { type: "nodes", isAligned: true };
    return { frame: { type: "node", node: readNode(bytes)! }, length: NODE_BYTES };
  }
  function readCapsules(bytes: Uint8Array): Reading<RplidarFrame> {
    if (!isCapsuleStart(bytes)) return lost();
    if (bytes.length < CAPSULE_BYTES) return "incomplete";
    const capsule = readCapsule(bytes);
    if (!capsule) return bytes[0] === REQUEST && bytes[1] === DESCRIPTOR ? readDescriptor(bytes) : lost();
    expected = { type: "capsules", isAligned: true };
    return { frame: { type: "capsule", capsule }, length: CAPSULE_BYTES };
  }
  function readAnswer(bytes: Uint8Array, { length, answer }: Descriptor): Reading<RplidarFrame> {
    if (bytes.length < length) return "incomplete";
    expected = { type: "nothing" };
    return { frame: { type: "answer", answer, data: bytes.slice(0, length) }, length };
  }

  return {
    longest: ANSWER_BYTES_MAX,
    starts: (byte) => expected.type !== "nothing" || byte === REQUEST,
    read(bytes) {
      // No point looks like a descriptor, the check bit of its second byte is 0; one capsule in 256 does.
      if (bytes[0] === REQUEST && (expected.type === "nothing" || expected.type === "nodes")) {
        if (bytes.length === 1) return "incomplete";
        if (bytes[1] === DESCRIPTOR) return readDescriptor(bytes);
      }
      switch (expected.type) {
        case "nothing":
          return { garbage: 1 };
        case "answer":
          return readAnswer(bytes, expected.descriptor);
        case "nodes":
          return readNodes(bytes, expected.isAligned);
        case "capsules":
          return readCapsules(bytes);
      }
    },
  };
}

/** The host's request; a payload is framed by its length and a checksum. */
export function rplidarRequest(command: number, payload?: readonly number[]): Uint8Array {
  if (payload === undefined) return Uint8Array.of(REQUEST, command);
  const head = concatBytes([REQUEST, command, payload.length], payload);
  return concatBytes(head, [xor8(head)]);
}

/** The bytes of a descriptor, as the lidar sends it. */
export function encodeDescriptor({ length, mode, answer }: Descriptor): Uint8Array {
  const bytes = new Uint8Array(DESCRIPTOR_BYTES);
  bytes.set([REQUEST, DESCRIPTOR]);
  viewOf(bytes).setUint32(2, ((mode << 30) | length) >>> 0, true);
  bytes[6] = answer;
  return bytes;
}

/** Undefined for a descriptor of nothing that the lidar would send. */
function expectedAfter(descriptor: Descriptor): Expected | undefined {
  const { answer, length } = descriptor;
  if (answer === RPLIDAR_ANSWER.scan) return length === NODE_BYTES ? { type: "nodes", isAligned: true } : undefined;
  if (answer === RPLIDAR_ANSWER.express) {
    return length === CAPSULE_BYTES ? { type: "capsules", isAligned: true } : undefined;
  }
  return length > 0 && length <= ANSWER_BYTES_MAX && descriptor.mode === 0 ? { type: "answer", descriptor } : undefined;
}

/** Whether the beginning of a node can't become one. */
function isHopeless(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  if (first !== undefined && (first & 1) === ((first >> 1) & 1)) return true;
  return second !== undefined && (second & 1) === 0;
}
