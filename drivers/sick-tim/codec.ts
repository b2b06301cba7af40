import { bytesOf, textOf } from "../framing/bytes.ts";
import type { FrameFormat } from "../framing/frame-decoder.ts";

/** A telegram of CoLa A: words such as `sRA`, `LMDscandata` and their arguments. */
export interface Telegram {
  /** What it is: `sRN` reads, `sWN` writes, `sMN` calls, `sEN` subscribes; `sRA`, `sWA`, `sAN`, `sEA` answer; `sSN` is an event. */
  readonly type: string;
  readonly name: string;
  readonly args: readonly string[];
}

const [STX, ETX] = [0x02, 0x03];
/** A scan of the longest known lidar of the family with two echoes and intensities fits. */
const TELEGRAM_BYTES_MAX = 32_768;

/** Words between STX and ETX; CoLa A has no checksum, so what a telegram counts must be there. Source: SICK, "Telegram Listing". */
export const COLA_FORMAT: FrameFormat<Telegram> = {
  longest: TELEGRAM_BYTES_MAX,
  starts: (byte) => byte === STX,
  read(bytes) {
    for (let at = 1; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === ETX) return telegramOf(textOf(bytes.subarray(1, at)), at + 1);
      if (byte < 0x20 || byte > 0x7e) return { garbage: at };
    }
    return bytes.length === TELEGRAM_BYTES_MAX ? { garbage: bytes.length } : "incomplete";
  },
};

/** The bytes of a telegram. */
export function encodeTelegram({ type, name, args }: Telegram): Uint8Array {
  return bytesOf(`\x02${[type, name, ...args].join(" ")}\x03`);
}

function telegramOf(text: string, length: number): { frame: Telegram; length: number } | { garbage: number } {
  const [type, name, ...args] = text.trimEnd().split(" ");
  if (!type || !/^s[A-Z]{2}$/.test(type)) return { garbage: length };
  // An error answers without a name: `sFA 5`.
  return { frame: { type, name: name ?? "", args }, length };
}
