import { asyncClose, asyncDrain, asyncOpen } from "@serialport/bindings-cpp/dist/load-bindings.js";
import { AgentError, messageOf } from "#lib/errors";
import { startPolledFile } from "#lib/node/polled-file";
import { within } from "#lib/node/within";
import type { Dial, Line, SerialAddress } from "../line.ts";

/** A stop command takes a few milliseconds; a line that takes longer is stuck. */
const DRAIN_MS = 200;
/** A line is looked at whenever about so many bytes may have come, within these bounds. */
const LOOK_BYTES = 64;
const [LOOK_MS_MIN, LOOK_MS_MAX] = [4, 20];
const BITS_PER_BYTE = 10;

/** 8 data bits, no parity, 1 stop bit, no flow control; nobody else may open it. */
const FORMAT = {
  dataBits: 8,
  parity: "none",
  stopBits: 1,
  rtscts: false,
  xon: false,
  xoff: false,
  xany: false,
  hupcl: true,
  vmin: 1,
  vtime: 0,
  lock: true,
};

/**
 * Opens a serial port. Of serialport only what opens and sets a port is used: its reader waits on the event loop of the main
 * thread, from wherever it is used, and the motion loop has a thread of its own (docs/decisions/0027-serial-in-threads.md).
 */
export function dialSerial({ path, baudRate }: SerialAddress): Dial {
  return async ({ onBytes, onEnd }): Promise<Line> => {
    const fd = await openPort(path, baudRate);
    let isOpen = true;
    const close = async (): Promise<void> => {
      if (!isOpen) return;
      isOpen = false;
      await file.stop();
      await asyncClose(fd);
    };
    const file = startPolledFile(fd, lookEveryMs(baudRate), {
      onBytes,
      onEnd(reason) {
        onEnd(`${path} was unplugged (${reason})`);
        // Of a port that is gone closing may fail too; the next attempt opens it anew.
        void close().catch(() => undefined);
      },
    });
    return {
      write: (bytes) => file.write(bytes),
      drive: (bytes) => file.write(bytes),
      async close() {
        if (!isOpen) return;
        await within(DRAIN_MS, sent(fd, file.written()));
        await close();
      },
    };
  };
}

async function openPort(path: string, baudRate: number): Promise<number> {
  try {
    return (await asyncOpen(path, { ...FORMAT, baudRate })) as number;
  } catch (thrown) {
    throw new AgentError("driver.down", `${path}: ${messageOf(thrown)}`, { retryable: true, cause: thrown });
  }
}

/** Resolves when what was written is on the wire. */
async function sent(fd: number, written: Promise<void>): Promise<void> {
  await written;
  await asyncDrain(fd);
}

function lookEveryMs(baudRate: number): number {
  const ms = (1000 * BITS_PER_BYTE * LOOK_BYTES) / baudRate;
  return Math.min(LOOK_MS_MAX, Math.max(LOOK_MS_MIN, Math.round(ms)));
}
