import { SerialPort } from "serialport";
import type { Clock } from "#lib/clock";
import { messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import { endReadsAtHangUp } from "#drivers/serial/hang-up";
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
  let isEnded = false;
  let wasDown = false;
  let stopWaiting = (): void => undefined;
  let port: SerialPort | undefined;

  async function visit(): Promise<void> {
    try {
      port = await open(options);
      log.info({ path }, "serial console is open");
      wasDown = false;
      await serveVisit(lineOf(port, path), { ...options, greeting: options.greeting(), atIdle: "log-out" });
    } catch (thrown) {
      if (!wasDown) log.warn({ path, err: messageOf(thrown) }, "serial console could not be opened, trying again");
      wasDown = true;
    }
    if (port?.isOpen) port.close();
    if (!isEnded) stopWaiting = clock.after(wasDown ? AGAIN_MS : 0, () => void visit());
  }
  void visit();
  return {
    async [Symbol.asyncDispose]() {
      isEnded = true;
      stopWaiting();
      if (port?.isOpen) await new Promise<void>((resolve) => port!.close(() => resolve()));
    },
  };
}

function open({ path, baudRate }: SerialDoorOptions): Promise<SerialPort> {
  const { promise, resolve, reject } = Promise.withResolvers<SerialPort>();
  const port = new SerialPort({ path, baudRate, autoOpen: false });
  port.open((error) => {
    if (error) return reject(error);
    endReadsAtHangUp(port);
    resolve(port);
  });
  return promise;
}

/** Somebody at a serial line is a viewer until a PIN says otherwise; `exit` ends the visit, and the next one begins. */
function lineOf(port: SerialPort, path: string): Line {
  const endings = new Set<() => void>();
  const end = (): void => {
    for (const ending of endings) ending();
    endings.clear();
  };
  port.on("close", end);
  port.on("error", end);
  return {
    tty:
      path
        .slice(path.lastIndexOf("/") + 1)
        .replaceAll(/[^A-Za-z0-9._-]/g, "_")
        .slice(0, 32) || "serial",
    role: "viewer",
    isInteractive: true,
    write: (text) => void (port.isOpen && port.write(text)),
    send: (bytes) => void (port.isOpen && port.write(bytes)),
    onBytes: (listener) => void port.on("data", listener),
    onEnd: (listener) => void endings.add(listener),
    close: end,
  };
}
