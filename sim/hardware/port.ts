import { mkdirSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import type { EmulatedDevice } from "#drivers/bench/memory-lines";
import type { Clock } from "#lib/clock";
import { AgentError, messageOf } from "#lib/errors";
import type { Rng } from "#lib/rng";
import { openTerminal, type Terminal } from "./terminal.ts";
import { createWire, type Wire } from "./wire.ts";

/** The plug of an emulated device: where drivers find it, and what can go wrong there. */
export interface Port extends AsyncDisposable {
  /** The path of a serial port, or host and port. */
  readonly address: string;
  /** Pulls the plug: the line is hung up, and there is nothing at the address. */
  unplug(): Promise<void>;
  /** Puts it back, as a new device under the same address. */
  plug(): Promise<void>;
  /** From now on one bit is turned over in this share of the bytes that the device sends. */
  disturb(share: number): void;
}

/** Listens at a line besides its two ends: to what has reached the host (`sent`) and the device (`received`). */
export type Overhear = (direction: "sent" | "received", bytes: Uint8Array) => void;

export interface SerialPortOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly device: EmulatedDevice;
  readonly path: string;
  readonly baudRate: number;
  /** What the device prints when its power comes on. */
  readonly banner?: Uint8Array;
  readonly overhear: Overhear;
}

/** A driver that opens a line joins in the middle of what is said: up to so many bytes are missed. */
const MISSED_BYTES_MAX = 40;

/** A device on a serial port of its line rate, in both directions. Rejects `driver.down` where no terminals can be opened. */
export async function openSerialPort(options: SerialPortOptions): Promise<Port> {
  const { clock, device, path, baudRate, banner, overhear } = options;
  const rng = options.rng.fork(path);
  let noise = 0;
  let plugged: { readonly terminal: Terminal; readonly hangUp: () => void } | undefined;

  function connect(terminal: Terminal): () => void {
    let missed = 0;
    let isNew = true;
    let hangUp = (): void => undefined;
    const line = { clock, rng, baudRate };
    const toHost = createWire({
      ...line,
      noise: () => noise,
      deliver(bytes) {
        overhear("sent", bytes);
        terminal.send(bytes);
      },
    });
    const toDevice = createWire({
      ...line,
      noise: () => 0,
      deliver(bytes) {
        overhear("received", bytes);
        device.receive(bytes);
      },
    });
    const say = (bytes: Uint8Array): void => {
      const cut = Math.min(missed, bytes.length);
      missed -= cut;
      toHost.send(bytes.subarray(cut));
    };
    terminal.onBytes((bytes) => toDevice.send(bytes));
    terminal.onHost((host) => {
      hangUp();
      hangUp = () => undefined;
      toHost.clear();
      if (host === "gone") return;
      if (isNew && banner) toHost.send(banner);
      isNew = false;
      missed = rng.integer(0, MISSED_BYTES_MAX);
      hangUp = device.connect(say);
    });
    return () => {
      hangUp();
      for (const wire of [toHost, toDevice] satisfies Wire[]) wire.clear();
    };
  }
  async function plug(): Promise<void> {
    if (plugged) return;
    mkdirSync(dirname(path), { recursive: true });
    const terminal = await openTerminal(path);
    plugged = { terminal, hangUp: connect(terminal) };
  }
  async function unplug(): Promise<void> {
    const pulled = plugged;
    plugged = undefined;
    pulled?.hangUp();
    await pulled?.terminal[Symbol.asyncDispose]();
  }
  await plug();
  return {
    address: path,
    plug,
    unplug,
    disturb: (share) => {
      noise = share;
    },
    [Symbol.asyncDispose]: unplug,
  };
}

/** A device that listens on a TCP port of the loopback; 0 takes a free one. One host at a time, as such devices do it. */
export async function openTcpPort(device: EmulatedDevice, wanted: number, overhear: Overhear): Promise<Port> {
  let server: Server | undefined;
  let host: { readonly socket: Socket; readonly hangUp: () => void } | undefined;
  const leave = (): void => {
    host?.hangUp();
    host?.socket.destroy();
    host = undefined;
  };
  async function listen(port: number): Promise<number> {
    const listening = Promise.withResolvers<void>();
    server = createServer({ noDelay: true }, (socket) => {
      leave();
      socket.on("error", () => socket.destroy());
      socket.on("data", (bytes: Buffer) => {
        overhear("received", bytes);
        device.receive(bytes);
      });
      const hangUp = device.connect((bytes) => {
        overhear("sent", bytes);
        socket.write(bytes);
      });
      host = { socket, hangUp };
      socket.on("close", () => host?.socket === socket && leave());
    });
    server.once("error", listening.reject).listen(port, "127.0.0.1", () => listening.resolve());
    try {
      await listening.promise;
    } catch (thrown) {
      throw new AgentError("config.port_in_use", `127.0.0.1:${port}: ${messageOf(thrown)}`, { cause: thrown });
    }
    return (server.address() as AddressInfo).port;
  }
  async function unplug(): Promise<void> {
    leave();
    const closed = Promise.withResolvers<void>();
    if (server?.listening) server.close(() => closed.resolve());
    else closed.resolve();
    await closed.promise;
  }
  const port = await listen(wanted);
  return {
    address: `127.0.0.1:${port}`,
    unplug,
    plug: async () => void (server?.listening ? undefined : await listen(port)),
    // TCP brings bytes whole or not at all.
    disturb: () => undefined,
    [Symbol.asyncDispose]: unplug,
  };
}
