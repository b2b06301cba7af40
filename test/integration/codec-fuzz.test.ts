import { describe, expect, it } from "vitest";
import { concatBytes } from "#drivers/framing/bytes";
import { ALL_FORMATS } from "#drivers/framing/all-formats";
import { createFrameDecoder } from "#drivers/framing/frame-decoder";
import { createRng, type Rng } from "#lib/rng";

/** `npm run test:long` sends ten million bytes through each codec. */
const BYTES = process.env["HOLDFAST_LONG"] === "1" ? 10_000_000 : 300_000;
const CHUNK_BYTES_MAX = 5000;

/** Random bytes, or known frames of which some bytes and bits were changed, doubled or lost. */
function nextChunk(rng: Rng, samples: readonly Uint8Array[]): Uint8Array {
  if (rng.chance(1, 3)) return Uint8Array.from({ length: rng.integer(1, CHUNK_BYTES_MAX) }, () => rng.uint32() & 0xff);
  const pieces = Array.from({ length: rng.integer(1, 8) }, () => {
    const sample = samples[rng.integer(0, samples.length - 1)]!.slice();
    for (let fault = rng.integer(0, 3); fault > 0; fault--)
      sample[rng.integer(0, sample.length - 1)]! ^= 1 << rng.integer(0, 7);
    const start = rng.chance(1, 4) ? rng.integer(0, sample.length - 1) : 0;
    return sample.subarray(start, rng.chance(1, 4) ? rng.integer(start, sample.length) : sample.length);
  });
  return concatBytes(...pieces);
}

describe(`${BYTES / 1e6} million random and mutated bytes`, () => {
  it.each(ALL_FORMATS)("don't throw, hang or pile up in the codec of $name", ({ name, format, samples }) => {
    const rng = createRng(name);
    const decoder = createFrameDecoder(format());
    let frames = 0;
    const take = (): unknown => frames++;
    let sent = 0;
    // Formats that depend on a greeting, such as the descriptor of a scan, get it.
    decoder.push(samples[0]!, take);
    sent += samples[0]!.length;
    const heapBefore = process.memoryUsage().arrayBuffers;
    while (sent < BYTES) {
      const chunk = nextChunk(rng, samples);
      decoder.push(chunk, take);
      sent += chunk.length;
    }
    decoder.giveUp(take);
    const counts = decoder.counts();
    expect(counts.goodBytes + counts.garbageBytes).toBe(sent);
    expect(counts.frames).toBe(frames);
    expect(counts.garbageBytes).toBeGreaterThan(0);
    // Still alive: a clean frame at the end is found.
    const [before, last] = [frames, samples.at(-1)!];
    for (let again = 0; again < 3; again++) decoder.push(last, take);
    expect(frames).toBeGreaterThan(before);
    expect(process.memoryUsage().arrayBuffers - heapBefore).toBeLessThan(64e6);
  });
});
