import { z } from "zod";
import type { FrameFormat } from "../framing/frame-decoder.ts";

/** What a rosbridge says on a connection on which nothing is subscribed: how a command fared. */
export interface BridgeStatus {
  readonly level: string;
  readonly text: string;
}

const StatusMessage = z.object({ op: z.literal("status"), level: z.string(), msg: z.string() });
const OPEN = 0x7b;
const CLOSE = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LONGEST = 65_536;

/** JSON objects one after the other; other messages than `status` are passed over. */
export const STATUS_FORMAT: FrameFormat<BridgeStatus> = {
  longest: LONGEST,
  starts: (byte) => byte === OPEN,
  read(bytes) {
    const length = objectLength(bytes);
    if (length === undefined) return "incomplete";
    const parsed = StatusMessage.safeParse(parse(new TextDecoder().decode(bytes.subarray(0, length))));
    if (!parsed.success) return { length };
    return { frame: { level: parsed.data.level, text: parsed.data.msg }, length };
  },
};

/** Bytes up to the brace that closes the first one. */
function objectLength(bytes: Uint8Array): number | undefined {
  let [depth, isInString] = [0, false];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (isInString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) isInString = false;
    } else if (byte === QUOTE) isInString = true;
    else if (byte === OPEN) depth++;
    else if (byte === CLOSE && --depth === 0) return at + 1;
  }
  return undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
