import { textOf } from "../framing/bytes.ts";
import type { FrameFormat } from "../framing/frame-decoder.ts";

const [CR, LF] = [0x0d, 0x0a];
/** What the largest QR code holds in digits, with an identifier in front. */
const LINE_BYTES_MAX = 8192;

/**
 * Lines that end with CR, LF or both; empty ones are nothing. Whoever reads the port ends a line by pushing a CR where the
 * scanner sends no end but falls silent.
 */
export const LINE_FORMAT: FrameFormat<string> = {
  longest: LINE_BYTES_MAX,
  starts: () => true,
  read(bytes) {
    const end = bytes.findIndex((byte) => byte === CR || byte === LF);
    if (end === 0) return { length: 1 };
    if (end > 0) return { frame: textOf(bytes.subarray(0, end)), length: end + 1 };
    return bytes.length === LINE_BYTES_MAX ? { garbage: bytes.length } : "incomplete";
  },
};
