import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ALL_FORMATS } from "./all-formats.ts";
import { concatBytes } from "./bytes.ts";
import { createFrameDecoder, type FrameCounts, type FrameFormat } from "./frame-decoder.ts";

/** What comes out of a stream that arrives in such chunks. */
function decode(
  format: FrameFormat<unknown>,
  chunks: readonly Uint8Array[],
): { frames: unknown[]; counts: FrameCounts } {
  const frames: unknown[] = [];
  const take = (frame: unknown): unknown => frames.push(frame);
  const decoder = createFrameDecoder(format);
  for (const chunk of chunks) decoder.push(chunk, take);
  decoder.giveUp(take);
  return { frames, counts: decoder.counts() };
}

/** The bytes in pieces of such lengths, over and over. */
function chunked(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length]!;
    chunks.push(bytes.slice(at, at + length));
    at += length;
  }
  return chunks;
}

describe.each(ALL_FORMATS)("the codec of $name", ({ format, samples }) => {
  const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 });
  /** Frames, pieces of frames and noise in any order. */
  const piece = fc.oneof(
    fc.constantFrom(...samples),
    fc.tuple(fc.constantFrom(...samples), fc.nat(100)).map(([sample, at]) => sample.slice(at)),
    fc.tuple(fc.constantFrom(...samples), fc.nat(100)).map(([sample, at]) => sample.slice(0, at)),
    fc.uint8Array({ maxLength: 40 }),
  );
  const stream = fc.array(piece, { maxLength: 12 }).map((pieces) => concatBytes(samples[0]!, ...pieces));

  it("finds every frame of a clean stream", () => {
    const { frames, counts } = decode(format(), samples);
    expect(frames.length).toBeGreaterThanOrEqual(samples.length);
    // The LF after a CR ends an empty line: it is neither frame nor garbage.
    expect(counts).toMatchObject({ garbageBytes: 0, goodBytes: concatBytes(...samples).length });
  });

  it("gives the same frames for every chunking", () => {
    fc.assert(
      fc.property(stream, lengths, (bytes, pieces) => {
        const whole = decode(format(), [bytes]);
        expect(decode(format(), chunked(bytes, pieces))).toEqual(whole);
        expect(decode(format(), chunked(bytes, [1]))).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  it("accounts for every byte, as part of a frame or as garbage", () => {
    fc.assert(
      fc.property(stream, (bytes) => {
        const { goodBytes, garbageBytes } = decode(format(), [bytes]).counts;
        expect(goodBytes + garbageBytes).toBe(bytes.length);
      }),
      { numRuns: 60 },
    );
  });
});
