import { read, write } from "node:fs";

/** A device file that was opened not to block, read by looking at it every so often. */
export interface PolledFile {
  /** Writes in order; what can't be written any more is told to `onEnd`. */
  write(bytes: Uint8Array): void;
  /** Resolves when all that was written has been taken. */
  written(): Promise<void>;
  /** Ends reading and writing; resolves when nothing is under way, so that the file can be closed. */
  stop(): Promise<void>;
}

export interface PolledFileEvents {
  readonly onBytes: (bytes: Uint8Array) => void;
  /** Called once when the other end is gone, with the reason in words. */
  readonly onEnd: (reason: string) => void;
}

const WAIT_CODES = new Set(["EAGAIN", "EWOULDBLOCK", "EINTR"]);
const BUFFER_BYTES = 16_384;

/** Takes over the file `fd`, which stays open; it is looked at every `everyMs`, in any thread. */
export function startPolledFile(fd: number, everyMs: number, { onBytes, onEnd }: PolledFileEvents): PolledFile {
  const buffer = Buffer.alloc(BUFFER_BYTES);
  const stillRead = Promise.withResolvers<void>();
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let lastWrite = Promise.resolve();

  function end(reason: string): void {
    if (isStopped) return;
    isStopped = true;
    onEnd(reason);
  }
  function look(): void {
    timer = undefined;
    read(fd, buffer, 0, buffer.length, null, (error, length) => {
      if (error && !WAIT_CODES.has(error.code ?? "")) end(error.message);
      // Nothing to read is told as an error; no bytes at all is the end.
      if (!error && length === 0) end("the line was hung up");
      if (isStopped) return stillRead.resolve();
      if (!error) onBytes(Uint8Array.from(buffer.subarray(0, length)));
      timer = setTimeout(look, everyMs);
    });
  }
  async function writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !isStopped;) {
      const written = await writeSome(fd, bytes.subarray(at));
      if (typeof written === "string") return end(written);
      at += written;
      if (at < bytes.length) await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
  look();
  return {
    write(bytes) {
      lastWrite = lastWrite.then(() => writeAll(bytes));
    },
    written: () => lastWrite,
    async stop() {
      isStopped = true;
      if (timer) {
        clearTimeout(timer);
        stillRead.resolve();
      }
      await Promise.all([stillRead.promise, lastWrite]);
    },
  };
}

/** How many bytes were taken, or the reason why none ever will be. */
function writeSome(fd: number, bytes: Uint8Array): Promise<number | string> {
  return new Promise((resolve) => {
    write(fd, bytes, (error, written) => {
      if (!error) resolve(written);
      else resolve(WAIT_CODES.has(error.code ?? "") ? 0 : error.message);
    });
  });
}
