import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Line as DeviceLine } from "#drivers/line";
import { dialSerial } from "#drivers/serial/serial-line";
import type { ConsoleParts, ConsoleSession } from "../console-session.ts";
import type { Line } from "./door.ts";
import { serveVisit } from "./visit-loop.ts";

export interface SerialDoorOptions {
  readonly path: string;
  readonly baudRate: number;
  readonly parts: ConsoleParts;
  readonly clock: Clock;
  readonly log: Log;
  readonly greeting: () => readonly string[];
  readonly visits: Set<ConsoleSession>;
}

/** A USB adapter may be plugged in at any time. */
const AGAIN_MS = 5000;

/** Keeps a console open on a serial line, opened again when it comes back. A line that is not there is no fault of the robot. */
export function openSerialDoor(options: SerialDoorOptions): AsyncDisposable {
  const { path, clock, log } = options;
  const ending = new AbortController();
  let known: "up" | "down" | undefined;
  let stopWaiting = (): void => undefined;
  let visiting = visit();

  async function visit(): Promise<void> {
    try {
      const port = await openPort(options);
      known = "up";
      log.info({ path }, "serial console is open");
      await servePort(port, options, ending.signal);
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
      if (known !== "down") log.warn({ path, err: thrown }, "serial console could not be opened, trying again");
      known = "down";
    }
    if (!ending.signal.aborted) stopWaiting = clock.after(AGAIN_MS, again);
  }
  function again(): void {
    visiting = visit();
  }
  return {
    async [Symbol.asyncDispose]() {
      ending.abort();
      stopWaiting();
      await visiting;
    },
  };
}

/** A serial port, until its line ends. */
interface Port {
  readonly line: DeviceLine;
  readonly listen: (listener: (chunk: Uint8Array) => void) => void;
  readonly ended: Promise<void>;
}

async function openPort({ path, baudRate }: SerialDoorOptions): Promise<Port> {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  let listen = (_chunk: Uint8Array): void => undefined;
  const line = await dialSerial({ path, baudRate })({ onBytes: (chunk) => listen(chunk), onEnd: () => resolve() });
  return { line, ended, listen: (listener) => void (listen = listener) };
}

/** One visit after another: `exit` ends one, and a fresh viewer follows. */
async function servePort(port: Port, options: SerialDoorOptions, signal: AbortSignal): Promise<void> {
  const gone = new AbortController();
  void port.ended.then(() => gone.abort());
  const over = AbortSignal.any([signal, gone.signal]);
  while (!over.aborted) {
    await serveVisit(lineOf(port, options.path, over), { ...options, greeting: options.greeting(), atIdle: "log-out" });
  }
  await port.line.close();
}

/** Somebody at a serial line is a viewer until a PIN says otherwise. */
function lineOf({ line, listen }: Port, path: string, over: AbortSignal): Line {
  const closed = new AbortController();
  const ended = AbortSignal.any([closed.signal, over]);
  return {
    tty: ttyOf(path),
    role: "viewer",
    isInteractive: true,
    write: (text) => line.write(Buffer.from(text, "latin1")),
    send: (bytes) => line.write(bytes),
    onBytes: listen,
    onEnd: (listener) => ended.addEventListener("abort", listener, { once: true }),
    close: () => closed.abort(),
  };
}

/** The name of the line, as actors are named. */
function ttyOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1).replaceAll(/[^A-Za-z0-9._-]/g, "_");
  return name.slice(0, 32) || "serial";
}
