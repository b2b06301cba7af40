import { AgentError } from "#lib/errors";
import type { Dial, LineEvents, Lines } from "../line.ts";

/** A device without hardware: takes bytes, sends bytes. */
export interface EmulatedDevice {
  /** Takes what the host sends. */
  readonly receive: (bytes: Uint8Array) => void;
  /** Called for each connection with the way back; ends with it. */
  readonly connect: (send: (bytes: Uint8Array) => void) => () => void;
}

/** Lines to one emulated device, with the plug in the hands of a test. Bytes arrive at once. */
export interface MemoryLines {
  readonly lines: Lines;
  readonly plug: () => void;
  readonly unplug: () => void;
  /** How often a connection was tried. */
  readonly attempts: () => number;
}

/** Every address leads to the device. */
export function createMemoryLines(device: EmulatedDevice): MemoryLines {
  let isPlugged = true;
  let attempts = 0;
  const open = new Set<{ events: LineEvents; hangUp: () => void }>();

  const dial: Dial = async (events) => {
    attempts++;
    if (!isPlugged) throw new AgentError("driver.down", "there is no such device", { retryable: true });
    const connection = { events, hangUp: device.connect((bytes) => open.has(connection) && events.onBytes(bytes)) };
    open.add(connection);
    const write = (bytes: Uint8Array): void => {
      if (open.has(connection)) device.receive(bytes);
    };
    const close = async (): Promise<void> => {
      if (open.delete(connection)) connection.hangUp();
    };
    return { write, drive: write, close };
  };
  return {
    lines: { serial: () => dial, tcp: () => dial, socket: () => dial, guarded: () => dial },
    plug: () => (isPlugged = true),
    unplug() {
      isPlugged = false;
      for (const connection of open) {
        open.delete(connection);
        connection.hangUp();
        connection.events.onEnd("it was unplugged");
      }
    },
    attempts: () => attempts,
  };
}
