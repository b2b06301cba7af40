import { type Cancel, type Clock, repeat } from "#lib/clock";
import { AgentError } from "#lib/errors";
import { createFrameDecoder, type FrameFormat } from "./framing/frame-decoder.ts";
import type { Dial, Line } from "./line.ts";

export interface LineConnectionOptions<Frame> {
  readonly clock: Clock;
  readonly dial: Dial;
  readonly format: FrameFormat<Frame>;
  readonly poll: { readonly everyMs: number; readonly ask: (line: Line) => void } | undefined;
  readonly onFrame: (frame: Frame) => void;
  readonly onEnd: (reason: string) => void;
}

/** One connection, from dialling to its end, with what was heard on it. */
export interface LineConnection {
  readonly line: Line;
  /** Since when there has been nothing that makes sense: the last good frame, or the beginning. */
  silentSinceMs(): number;
  hasSpoken(): boolean;
  /** Share of the newest bytes that made no sense; undefined while they are too few to tell. */
  garbageShare(): number | undefined;
  counts(): { readonly frames: number; readonly garbageBytes: number };
  /** Ends it without `onEnd`. */
  close(): Promise<void>;
}

/** What was begun so long ago and did not go on is the rest of an answer that will not come any more. */
const PAUSE_MS = 50;
/** The share of garbage is taken of about so many bytes, and of no fewer than a quarter. */
const QUALITY_BYTES = 4096;

/** Dials once; rejects `driver.down`. */
export async function connectLine<Frame>(options: LineConnectionOptions<Frame>): Promise<LineConnection> {
  const { clock, dial } = options;
  const decoder = createFrameDecoder(options.format);
  const quality = { good: 0, bad: 0 };
  let isClosed = false;
  let heardMs: number | undefined;
  let bytesMs = -Infinity;

  const take = (frame: Frame): void => {
    if (isClosed) return;
    heardMs = clock.nowMs();
    options.onFrame(frame);
  };
  function takeBytes(chunk: Uint8Array): void {
    if (isClosed) return;
    bytesMs = clock.nowMs();
    const before = decoder.counts();
    decoder.push(chunk, take);
    const { goodBytes, garbageBytes } = decoder.counts();
    quality.good += goodBytes - before.goodBytes;
    quality.bad += garbageBytes - before.garbageBytes;
    if (quality.good + quality.bad <= QUALITY_BYTES) return;
    quality.good /= 2;
    quality.bad /= 2;
  }
  let end: { readonly reason: string } | undefined;
  let isHanded = false;
  const line = await dial({
    onBytes: takeBytes,
    onEnd(reason) {
      end = { reason };
      if (isHanded && !isClosed) options.onEnd(reason);
    },
  });
  // A line may end before whoever awaits it has taken it; nobody would hear of that later.
  if (end) throw new AgentError("driver.down", end.reason, { retryable: true });
  isHanded = true;
  const startMs = clock.nowMs();
  const stopPolling = startPolling(options, line, () => {
    if (clock.nowMs() - bytesMs >= PAUSE_MS) decoder.giveUp(take);
  });
  return {
    line,
    silentSinceMs: () => heardMs ?? startMs,
    hasSpoken: () => heardMs !== undefined,
    garbageShare() {
      const bytes = quality.good + quality.bad;
      return bytes < QUALITY_BYTES / 4 ? undefined : quality.bad / bytes;
    },
    counts: () => decoder.counts(),
    close() {
      isClosed = true;
      stopPolling();
      return line.close();
    },
  };
}

function startPolling<Frame>(
  { clock, poll }: LineConnectionOptions<Frame>,
  line: Line,
  giveUpPaused: () => void,
): Cancel {
  if (!poll) return () => undefined;
  const ask = (): void => {
    giveUpPaused();
    poll.ask(line);
  };
  const cancels = [clock.after(0, ask), repeat(clock, poll.everyMs, ask)];
  return () => {
    for (const cancel of cancels) cancel();
  };
}
