import type { Cancel, Clock } from "#lib/clock";
import type { Rng } from "#lib/rng";

/** One direction of a serial line: bytes take their time, and some are damaged. */
export interface Wire {
  send(bytes: Uint8Array): void;
  /** Forgets what is on its way, as when the plug is pulled. */
  clear(): void;
}

export interface WireOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly baudRate: number;
  /** Share of the bytes of which one bit is turned over. */
  readonly noise: () => number;
  readonly deliver: (bytes: Uint8Array) => void;
}

/** A byte is framed by a start and a stop bit. */
const BITS = 10;
/** Bytes are handed over so often: a UART raises its interrupt at some filling of its FIFO, or after a pause. */
const HAND_OVER_MS = 2;
/** More than this can't wait: the oldest is lost, as in a FIFO that overruns. */
const WAITING_MAX = 65_536;

/** A wire that carries `baudRate` bits a second. */
export function createWire({ clock, rng, baudRate, noise, deliver }: WireOptions): Wire {
  const msPerByte = (1000 * BITS) / baudRate;
  let waiting: Uint8Array[] = [];
  let length = 0;
  let carriedUntilMs = 0;
  let stop: Cancel | undefined;

  function schedule(): void {
    stop = clock.after(Math.min(HAND_OVER_MS, length * msPerByte), handOver);
  }
  function handOver(): void {
    const carried = Math.min(length, Math.floor((clock.nowMs() - carriedUntilMs) / msPerByte));
    carriedUntilMs += carried * msPerByte;
    if (carried > 0) deliver(damaged(take(carried), noise(), rng));
    stop = undefined;
    if (length > 0) schedule();
  }
  function take(count: number): Uint8Array {
    const taken = new Uint8Array(count);
    for (let at = 0; at < count;) {
      const [first] = waiting;
      const part = first!.subarray(0, count - at);
      taken.set(part, at);
      at += part.length;
      if (part.length === first!.length) waiting.shift();
      else waiting[0] = first!.subarray(part.length);
    }
    length -= count;
    return taken;
  }
  return {
    send(bytes) {
      if (bytes.length === 0) return;
      waiting.push(bytes);
      length += bytes.length;
      if (length > WAITING_MAX) take(length - WAITING_MAX);
      if (stop) return;
      carriedUntilMs = clock.nowMs();
      schedule();
    },
    clear() {
      stop?.();
      stop = undefined;
      waiting = [];
      length = 0;
    },
  };
}

function damaged(bytes: Uint8Array, share: number, rng: Rng): Uint8Array {
  if (share === 0) return bytes;
  return bytes.map((byte) => (rng.float() < share ? byte ^ (1 << rng.integer(0, 7)) : byte));
}
