import type { Clock } from "#lib/clock";
import type { Rng } from "#lib/rng";

/** One connection to a device, as bytes. */
export interface Line {
  write(bytes: Uint8Array): void;
  /** Sends a speed. A guarded line stops the base when none follows in time; on any other this is `write`. */
  drive(bytes: Uint8Array): void;
  /** Ends the connection; `onEnd` is not called for it. */
  close(): Promise<void>;
}

export interface LineEvents {
  readonly onBytes: (chunk: Uint8Array) => void;
  /** Called once when the connection ended by itself, with the reason in words. */
  readonly onEnd: (reason: string) => void;
}

/** Makes one attempt to connect; rejects `driver.down` with the reason. */
export type Dial = (events: LineEvents) => Promise<Line>;

/** Where a serial device is. */
export interface SerialAddress {
  /** A name that stays, such as `/dev/serial/by-id/…`: the device is found again after it was plugged in elsewhere. */
  readonly path: string;
  readonly baudRate: number;
}

/** Where a device behind a WebSocket is. */
export interface SocketAddress {
  readonly url: string;
}

/** Ways to devices; real ones are in `serial/node-lines.ts`. */
export interface Lines {
  serial(address: SerialAddress): Dial;
  tcp(host: string, port: number): Dial;
  /** A WebSocket; each chunk of the line is one message. */
  socket(url: string): Dial;
  /** A line that a child process owns: it sends `stop` when no speed followed in time, and when we are gone. */
  guarded(address: SerialAddress | SocketAddress, stop: Uint8Array): Dial;
}

/** What drivers of real devices are given. */
export interface DriverDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly lines: Lines;
}
