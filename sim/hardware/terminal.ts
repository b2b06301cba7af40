import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { AgentError } from "#lib/errors";

/** A pseudo-terminal: what a driver opens as a serial port, with its far end in our hands. */
export interface Terminal extends AsyncDisposable {
  /** What a driver opens. */
  readonly path: string;
  /** Sends to the driver; lost while nobody has the port open, as on a wire. */
  send(bytes: Uint8Array): void;
  onBytes(listener: (bytes: Uint8Array) => void): void;
  /** Told when somebody opens the port, and when nobody has it open any more. */
  onHost(listener: (host: "attached" | "gone") => void): void;
}

/**
 * Passes bytes between a new terminal and its own standard input and output. The first line on standard error names the
 * terminal; `+` and `-` tell that it was opened and closed. Ends with its input, which hangs the terminal up.
 */
const PROGRAM = `
import os, pty, select, sys, tty
master, slave = pty.openpty()
tty.setraw(slave)
name = os.ttyname(slave)
if len(sys.argv) > 1:
    if os.path.lexists(sys.argv[1]): os.remove(sys.argv[1])
    os.symlink(name, sys.argv[1])
os.close(slave)
os.set_blocking(master, False)
os.write(2, (name + "\\n").encode())
watch = select.poll()
watch.register(master, 0)
is_open = False
def is_hung_up(): return any(event & select.POLLHUP for _, event in watch.poll(0))
while True:
    is_closed = is_hung_up()
    if is_open == is_closed:
        is_open = not is_closed
        os.write(2, b"+\\n" if is_open else b"-\\n")
    # A closed terminal counts as readable, so it is looked at every 10 ms instead.
    ready = select.select([0, master], [], [])[0] if is_open else select.select([0], [], [], 0.01)[0]
    if 0 in ready:
        data = os.read(0, 65536)
        if not data: break
        try:
            if not is_hung_up(): os.write(master, data)
        except BlockingIOError: pass
    if master in ready:
        try: os.write(1, os.read(master, 65536))
        except OSError: pass
`;

/**
 * Opens a terminal; with `link`, under that name too, which goes with it. Needs Python 3, as Node has no call for it; rejects
 * `driver.down` without. Disposing hangs up at once, as pulling the plug does.
 */
export async function openTerminal(link?: string): Promise<Terminal> {
  const child = spawn("python3", ["-c", PROGRAM, ...(link === undefined ? [] : [link])], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const named = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<void>();
  let tellHost: (host: "attached" | "gone") => void = () => undefined;
  const notes = createInterface({ input: child.stderr });
  notes.once("line", (name) => {
    named.resolve(name);
    notes.on("line", (note) => tellHost(note === "+" ? "attached" : "gone"));
  });
  const fail = (reason: string): void => {
    named.reject(new AgentError("driver.down", `no terminal can be opened, it takes python3: ${reason}`));
    ended.resolve();
  };
  child.once("error", (cause) => fail(cause.message));
  child.once("exit", (code) => fail(`it ended with ${code}`));
  // Who hung up does not read what is still on its way.
  child.stdin.on("error", () => undefined);
  const path = await named.promise;
  if (!path.startsWith("/dev/")) throw new AgentError("driver.down", `no terminal can be opened: ${path}`);
  return {
    path: link ?? path,
    send: (bytes) => void child.stdin.write(bytes),
    onBytes: (listener) => void child.stdout.on("data", listener),
    onHost: (listener) => {
      tellHost = listener;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended.promise;
      if (link !== undefined) rmSync(link, { force: true });
    },
  };
}
