import { performance } from "node:perf_hooks";
import { openTerminal } from "#sim/hardware/terminal";
import { findService } from "../services/service.ts";

/** Whether terminals can be opened; asks for Python 3 where they can't, as Node has no call for it. */
export const canOpenPtys: boolean =
  findService({ program: "python3", install: "apt-get install python3" }) !== undefined;

/** A pseudo-terminal whose other end is in the hands of a test. */
export interface Pty extends AsyncDisposable {
  /** What a driver opens. */
  readonly path: string;
  send(bytes: Uint8Array): void;
  /** What came from the driver, with the time of `performance.now`. */
  readonly received: readonly { readonly atMs: number; readonly bytes: Uint8Array }[];
  onBytes(listener: (bytes: Uint8Array) => void): void;
  /** Ends the line, as pulling the plug does. */
  hangUp(): Promise<void>;
}

/** Opens a terminal; with `link`, under that stable name too. */
export async function openPty(link?: string): Promise<Pty> {
  const terminal = await openTerminal(link);
  const received: { atMs: number; bytes: Uint8Array }[] = [];
  terminal.onBytes((bytes) => received.push({ atMs: performance.now(), bytes }));
  const hangUp = (): Promise<void> => Promise.resolve(terminal[Symbol.asyncDispose]());
  return {
    path: terminal.path,
    send: (bytes) => terminal.send(bytes),
    received,
    onBytes: (listener) => terminal.onBytes(listener),
    hangUp,
    [Symbol.asyncDispose]: hangUp,
  };
}
