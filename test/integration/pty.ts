import { spawn } from "node:child_process";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { assert } from "#lib/errors";
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

/** Passes bytes between a new terminal and its own standard input and output; the first line names the terminal. */
const PROGRAM = `
import os, pty, select, sys, tty
master, slave = pty.openpty()
tty.setraw(slave)
name = os.ttyname(slave)
if len(sys.argv) > 1:
    if os.path.lexists(sys.argv[1]): os.remove(sys.argv[1])
    os.symlink(name, sys.argv[1])
os.write(1, (name + "\\n").encode())
os.set_blocking(master, False)
while True:
    ready, _, _ = select.select([0, master], [], [])
    if 0 in ready:
        data = os.read(0, 65536)
        if not data: break
        try: os.write(master, data)
        except BlockingIOError: pass
    if master in ready:
        try: data = os.read(master, 65536)
        except OSError: break
        os.write(1, data)
`;

/** Opens a terminal; with \`link\`, under that stable name too. Needs Python 3, as Node cannot open terminals. */
export async function openPty(link?: string): Promise<Pty> {
  const process = spawn("python3", ["-c", PROGRAM, ...(link === undefined ? [] : [link])], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [greeting] = (await once(process.stdout, "data")) as [Buffer];
  const path = greeting.toString().trim();
  assert(path.startsWith("/dev/"), "the program names its terminal");
  const received: { atMs: number; bytes: Uint8Array }[] = [];
  const listeners: ((bytes: Uint8Array) => void)[] = [];
  process.stdout.on("data", (bytes: Buffer) => {
    received.push({ atMs: performance.now(), bytes });
    for (const listener of listeners) listener(bytes);
  });
  process.stdin.on("error", () => undefined);
  const exited = once(process, "exit");
  const hangUp = async (): Promise<void> => {
    process.kill("SIGKILL");
    await exited;
  };
  return {
    path: link ?? path,
    send: (bytes) => void process.stdin.write(bytes),
    received,
    onBytes: (listener) => void listeners.push(listener),
    hangUp,
    [Symbol.asyncDispose]: hangUp,
  };
}
