import type { EmulatedDevice } from "#drivers/bench/memory-lines";
import type { Scanner } from "#drivers/driver";
import { bytesOf } from "#drivers/framing/bytes";
import type { Clock } from "#lib/clock";
import { sleep } from "#lib/clock";
import { AgentError } from "#lib/errors";

/** How long it looks at a time, and how long the same code is not read again. */
const LOOK_MS = 500;
const AGAIN_MS = 1000;

/** A scanner in presentation mode: it prints whatever code comes before it, and ends it with CR and LF. */
export function emulateScanner(scanner: Scanner, clock: Clock): EmulatedDevice {
  return {
    receive: () => undefined,
    connect(send) {
      const ended = new AbortController();
      void look(scanner, clock, send, ended.signal);
      return () => ended.abort();
    },
  };
}

async function look(
  scanner: Scanner,
  clock: Clock,
  send: (bytes: Uint8Array) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const { code } = await scanner.scan(LOOK_MS);
      send(bytesOf(`${code}\r\n`));
      await sleep(clock, AGAIN_MS, signal);
    } catch (thrown) {
      // Nothing in front of it, or the end.
      if (!(thrown instanceof AgentError) && !signal.aborted) throw thrown;
      if (thrown instanceof AgentError && thrown.code !== "driver.timeout") return;
    }
  }
}
