import { SerialPort } from "serialport";
import { AgentError, messageOf } from "#lib/errors";
import { within } from "#lib/node/within";
import type { Dial, SerialAddress } from "../line.ts";
import { endReadsAtHangUp } from "./hang-up.ts";

/** A stop command takes a few milliseconds; a line that takes longer is stuck. */
const DRAIN_MS = 200;

/**
 * Opens a serial port, 8 data bits, no parity, 1 stop bit. Every attempt uses a new port object: one that was disconnected
 * opens again but never works again. The first `close` or `error` counts as the end.
 */
export function dialSerial({ path, baudRate }: SerialAddress): Dial {
  return ({ onBytes, onEnd }) => {
    const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<Dial>>>();
    const port = new SerialPort({ path, baudRate, autoOpen: false });
    let isEnded = false;
    const end = (reason: string): void => {
      if (isEnded) return;
      isEnded = true;
      if (port.isOpen) port.close();
      onEnd(reason);
    };
    const write = (bytes: Uint8Array): void => {
      if (!isEnded) port.write(bytes);
    };
    port.on("close", (error: Error | null) => end(error ? `${path} was unplugged` : `${path} was closed`));
    port.on("error", (error) => end(`${path}: ${messageOf(error)}`));
    port.open((error) => {
      if (error) {
        reject(new AgentError("driver.down", `${path}: ${messageOf(error)}`, { retryable: true, cause: error }));
        return;
      }
      endReadsAtHangUp(port);
      // Reading must never pause: a line without a posted read does not notice that it is hung up.
      port.on("data", (chunk: Buffer) => isEnded || onBytes(chunk));
      resolve({ write, drive: write, close: () => closePort(port, () => (isEnded = true)) });
    });
    return promise;
  };
}

/** Sends what was written, if that can be done in time, and closes; a port that is gone is closed already. */
async function closePort(port: SerialPort, forget: () => void): Promise<void> {
  forget();
  if (!port.isOpen) return;
  const drained = Promise.withResolvers<void>();
  port.drain(() => drained.resolve());
  await within(DRAIN_MS, drained.promise);
  const closed = Promise.withResolvers<void>();
  if (port.isOpen) port.close(() => closed.resolve());
  else closed.resolve();
  await closed.promise;
}
