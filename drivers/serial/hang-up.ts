import type { EventEmitter } from "node:events";
import { read } from "node:fs";
import { promisify } from "node:util";
import type { SerialPort } from "serialport";
import { AgentError } from "#lib/errors";

/** What the Unix bindings of serialport 13 are made of. */
interface UnixPort {
  readonly fd: number | null;
  readonly isOpen: boolean;
  readonly poller: EventEmitter;
  read(buffer: Buffer, offset: number, length: number): Promise<{ bytesRead: number; buffer: Buffer }>;
}

const readBytes = promisify(read);
const WAIT_CODES = new Set(["EAGAIN", "EWOULDBLOCK", "EINTR"]);
const GONE_CODES = new Set(["EBADF", "ENXIO", "EIO"]);

/**
 * Makes the end of a line end its reads. When a line is hung up before a read is posted, reading gives 0 bytes, and the
 * binding tries again at once and forever: a whole core, and nobody is told (node-serialport issues 2043 and 2323). Call it
 * when the port is open and nothing has been read.
 */
export function endReadsAtHangUp(stream: SerialPort): void {
  const port = stream.port as unknown as UnixPort | undefined;
  if (!port?.poller) return;
  port.read = async (buffer, offset, length) => {
    for (;;) {
      if (!port.isOpen || port.fd === null) throw ended("the port is closed", { canceled: true });
      try {
        const { bytesRead } = await readBytes(port.fd, buffer, offset, length, null);
        if (bytesRead > 0) return { bytesRead, buffer };
      } catch (thrown) {
        const code = (thrown as NodeJS.ErrnoException).code ?? "";
        if (GONE_CODES.has(code)) throw ended("the line is gone", { disconnect: true });
        if (!WAIT_CODES.has(code)) throw thrown;
        // Closed while the read was under way: polling what is destroyed would crash the process.
        if (!port.isOpen) throw ended("the port is closed", { canceled: true });
        await readable(port);
        continue;
      }
      throw ended("the line was hung up", { disconnect: true });
    }
  };
}

function readable(port: UnixPort): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  port.poller.once("readable", (error: Error | null) => (error ? reject(error) : resolve()));
  return promise;
}

/** The stream knows the end of a line by these marks. */
function ended(message: string, mark: { canceled: true } | { disconnect: true }): AgentError {
  return Object.assign(new AgentError("driver.down", message, { retryable: true }), mark);
}
