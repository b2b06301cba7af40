/**
 * What stands at the start of some bytes: a frame of `length` bytes (or, without a frame, as many bytes that are neither
 * message nor noise, such as an empty line), so many bytes of garbage, or too little to tell.
 */
export type Reading<Frame> =
  | { readonly frame?: Frame; readonly length: number }
  | { readonly garbage: number }
  | "incomplete";

/**
 * How a device cuts its bytes into frames. `read` looks at a prefix only: what it says of some bytes it says of all that
 * begin with them, so frames do not depend on how the bytes were chunked. It may remember what it saw, but changes its mind
 * only when it does not answer `incomplete`.
 */
export interface FrameFormat<Frame> {
  /** Bytes of the longest frame. */
  readonly longest: number;
  /** Whether a frame may start with this byte. */
  starts(byte: number): boolean;
  /** What stands at the start of `bytes`: never empty, never more than `longest`. The view is valid during the call. */
  read(bytes: Uint8Array): Reading<Frame>;
}

/** What came over a line, in frames and bytes. */
export interface FrameCounts {
  readonly frames: number;
  /** Bytes of good frames. */
  readonly goodBytes: number;
  /** Bytes that belong to no frame. */
  readonly garbageBytes: number;
}

/** Cuts a stream into frames. Never throws, and keeps a fixed number of bytes whatever arrives. */
export interface FrameDecoder<Frame> {
  /** Takes a chunk and hands over the frames that it completes. */
  push(chunk: Uint8Array, take: (frame: Frame) => void): void;
  /** Waits no longer for the end of what was begun: drops its head as garbage and hands over the frames behind it. */
  giveUp(take: (frame: Frame) => void): void;
  counts(): FrameCounts;
}

const LEAST_BUFFER_BYTES = 4096;

/** A decoder of one format; each connection gets a new one. */
export function createFrameDecoder<Frame>(format: FrameFormat<Frame>): FrameDecoder<Frame> {
  const buffer = new Uint8Array(Math.max(LEAST_BUFFER_BYTES, 2 * format.longest));
  let [start, end] = [0, 0];
  let [frames, goodBytes, garbageBytes] = [0, 0, 0];

  /** Takes out all that can be told of the buffer; what is left is the beginning of a frame. */
  function consume(take: (frame: Frame) => void): void {
    while (start < end) {
      if (!format.starts(buffer[start]!)) {
        start++;
        garbageBytes++;
        continue;
      }
      const reading = format.read(buffer.subarray(start, Math.min(end, start + format.longest)));
      if (reading === "incomplete") {
        if (end - start < format.longest) return;
        start++;
        garbageBytes++;
      } else if ("garbage" in reading) {
        start += reading.garbage;
        garbageBytes += reading.garbage;
      } else {
        start += reading.length;
        goodBytes += reading.length;
        if (reading.frame === undefined) continue;
        frames++;
        take(reading.frame);
      }
    }
  }

  return {
    push(chunk, take) {
      for (let taken = 0; taken < chunk.length;) {
        buffer.copyWithin(0, start, end);
        [start, end] = [0, end - start];
        const piece = chunk.subarray(taken, taken + buffer.length - end);
        buffer.set(piece, end);
        end += piece.length;
        taken += piece.length;
        consume(take);
      }
    },
    giveUp(take) {
      while (start < end) {
        start++;
        garbageBytes++;
        consume(take);
      }
    },
    counts: () => ({ frames, goodBytes, garbageBytes }),
  };
}

/** All frames of some bytes, as of a stream that ends with them. */
export function framesOf<Frame>(format: FrameFormat<Frame>, bytes: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  const take = (frame: Frame): unknown => frames.push(frame);
  const decoder = createFrameDecoder(format);
  decoder.push(bytes, take);
  decoder.giveUp(take);
  return frames;
}
