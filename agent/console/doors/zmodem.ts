import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Line, LineReader } from "./door.ts";

/** `sz` of lrzsz: in binary, with control characters escaped, because lines between may act on them. */
const SZ_ARGS = ["--binary", "--escape", "--quiet"];

/** Sends a file by ZMODEM, for whoever has `rz` or a terminal that knows it; answers why it could not, or nothing. */
export function transferOver(line: Line, reader: LineReader) {
  return async (bytes: Uint8Array, name: string): Promise<string | undefined> => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-diag-"));
    try {
      const file = join(folder, name);
      await writeFile(file, bytes, { mode: 0o600 });
      return await send(file, line, reader);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

function send(file: string, line: Line, reader: LineReader): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const child = spawn("sz", [...SZ_ARGS, file], { stdio: ["pipe", "pipe", "ignore"] });
  const give = reader.raw((chunk) => void child.stdin.write(chunk));
  const end = (why: string | undefined): void => {
    give();
    resolve(why);
  };
  child.stdin.on("error", () => undefined);
  child.stdout.on("data", (chunk: Buffer) => line.send(chunk));
  child.on("error", () => end("sz is not installed (package lrzsz)"));
  child.on("close", (code) => end(code === 0 ? undefined : `the transfer was broken off (sz ended with ${code})`));
  line.onEnd(() => child.kill());
  return promise;
}
