import { spawn } from "node:child_process";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { AgentError, assert } from "#lib/errors";

/** A terminal as somebody sees it who sits at the other end of a serial line of a given speed. */
export interface SlowLine extends AsyncDisposable {
  /** What the agent opens. */
  readonly path: string;
  /** Everything that came, as text, without what moves the cursor. */
  screen(): string;
  type(keys: string): void;
  /** Resolves, with how long that took, when what came since `from` (an index into the screen) matches. */
  shows(pattern: RegExp, from?: number): Promise<{ readonly ms: number; readonly text: string }>;
}

/** Passes bytes on as slowly as a line of so many bytes a second would, so that a full buffer holds the writer up. */
const PROGRAM = `
import os, pty, select, sys, time, tty
master, slave = pty.openpty()
tty.setraw(slave)
rate = float(sys.argv[1])
os.write(1, (os.ttyname(slave) + "\\n").encode())
free_at = time.monotonic()
while True:
    now = time.monotonic()
    ready, _, _ = select.select([0, master] if now >= free_at else [0], [], [], max(0, free_at - now))
    if 0 in ready:
        data = os.read(0, 65536)
        if not data: break
        os.write(master, data)
    if master in ready:
        try: data = os.read(master, 32)
        except OSError: break
        free_at = max(free_at, time.monotonic() - 0.002) + len(data) / rate
        time.sleep(max(0, free_at - time.monotonic()))
        os.write(1, data)
`;

const WITHIN_MS = 60_000;
/** What the editor of lines sends to place the cursor: the sequences of ECMA-48 that begin with CSI. */
const CURSOR = new RegExp(String.raw`${String.fromCharCode(27)}\[\d*[A-Z]`, "g");

/** Opens a line of `baudRate`, 10 bits a byte. Needs Python 3, as Node cannot open terminals. */
export async function openSlowLine(baudRate: number): Promise<SlowLine> {
  const program = spawn("python3", ["-c", PROGRAM, String(baudRate / 10)], { stdio: ["pipe", "pipe", "inherit"] });
  const [greeting] = (await once(program.stdout, "data")) as [Buffer];
  const path = greeting.toString().trim();
  assert(path.startsWith("/dev/"), "the program names its terminal");
  let screen = "";
  const looks = new Set<() => void>();
  program.stdout.on("data", (bytes: Buffer) => {
    screen += bytes.toString("latin1");
    for (const look of looks) look();
  });
  return {
    path,
    screen: () => screen.replaceAll(CURSOR, ""),
    type: (keys) => void program.stdin.write(keys, "latin1"),
    async shows(pattern, from = screen.length) {
      const sinceMs = performance.now();
      const { promise, resolve, reject } = Promise.withResolvers<{ ms: number; text: string }>();
      const late = setTimeout(
        () =>
          reject(new AgentError("driver.timeout", `${pattern} did not come; the screen shows\n${screen.slice(from)}`)),
        WITHIN_MS,
      );
      const look = (): void => {
        const text = screen.slice(from).replaceAll(CURSOR, "");
        if (pattern.test(text)) resolve({ ms: performance.now() - sinceMs, text });
      };
      looks.add(look);
      look();
      try {
        return await promise;
      } finally {
        clearTimeout(late);
        looks.delete(look);
      }
    },
    async [Symbol.asyncDispose]() {
      program.stdin.end();
      if (program.exitCode === null) await once(program, "exit");
    },
  };
}
