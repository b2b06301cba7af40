import { ALL_FORMATS, type KnownFormat } from "#drivers/framing/all-formats";
import { concatBytes } from "#drivers/framing/bytes";
import { createFrameDecoder } from "#drivers/framing/frame-decoder";
import type { Figure } from "./figure.ts";
import { terminalLines, type Chapter } from "./measurements-page.ts";

const RUNS = 5;
const RUN_MS = 200;
/** What a serial port hands over at once when it is read late. */
const CHUNK_BYTES = 4096;
const MEGABYTE = 1e6;

/** How many bytes of good frames each codec takes, whole as they come from a line. */
export function measureCodecs(): Chapter {
  return { title: "Codecs", figures: ALL_FORMATS.map(measureCodec) };
}

function measureCodec({ name, format, samples }: KnownFormat): Figure {
  const decoder = createFrameDecoder(format());
  let frames = 0;
  const take = (): unknown => frames++;
  // What a scan begins with comes once; what follows comes on and on.
  decoder.push(samples[0]!, take);
  const stream = repeated(samples.length > 1 ? samples.slice(1) : samples);
  const rates = Array.from({ length: RUNS }, () => {
    const startedMs = performance.now();
    let bytes = 0;
    while (performance.now() - startedMs < RUN_MS) {
      for (let at = 0; at < stream.length; at += CHUNK_BYTES) decoder.push(stream.subarray(at, at + CHUNK_BYTES), take);
      bytes += stream.length;
    }
    return bytes / MEGABYTE / ((performance.now() - startedMs) / 1000);
  });
  const how = `known frames one after the other in chunks of ${CHUNK_BYTES} bytes, ${RUNS} times ${RUN_MS} ms`;
  return { what: name, unit: "MB/s", better: "higher", samples: frames > 0 ? rates : [Number.NaN], how };
}

/** The samples over and over, for a hundred kilobytes and more. */
function repeated(samples: readonly Uint8Array[]): Uint8Array {
  const once = concatBytes(...samples);
  return concatBytes(...Array.from({ length: Math.ceil(100_000 / once.length) }, () => once));
}

if (import.meta.main) process.stdout.write(`${terminalLines(measureCodecs()).join("\n")}\n`);
