import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { AgentError } from "#lib/errors";
import { typescriptFlags } from "#lib/node/typescript-flags";
import { textOf } from "../framing/bytes.ts";
import { createFrameDecoder } from "../framing/frame-decoder.ts";
import type { Dial, Line, SerialAddress, SocketAddress } from "../line.ts";
import { encodeGuard, GUARD_FORMAT, type GuardMessage, type GuardSettings } from "./protocol.ts";

const PROGRAM = fileURLToPath(new URL("./main.ts", import.meta.url));

/** A line through a guard of its own, which stops the base by sending `stop`. One process for each connection. */
export function dialGuarded(address: SerialAddress | SocketAddress, stop: Uint8Array): Dial {
  return ({ onBytes, onEnd }) => {
    const where = "url" in address ? address.url : address.path;
    const settings: GuardSettings = { address, stop: Buffer.from(stop).toString("hex") };
    // A group of its own: what kills the agent's group must not kill the guard with it.
    const guard = spawn(process.execPath, [...typescriptFlags(), PROGRAM, JSON.stringify(settings)], {
      stdio: ["pipe", "pipe", "inherit"],
      detached: true,
    });
    const { promise, resolve, reject } = Promise.withResolvers<Line>();
    const exited = Promise.withResolvers<void>();
    let state: "dialling" | "up" | "ended" = "dialling";
    const end = (reason: string): void => {
      if (state === "up") onEnd(reason);
      if (state === "dialling") reject(new AgentError("driver.down", reason, { retryable: true }));
      state = "ended";
    };
    const send = (type: GuardMessage["type"], bytes: Uint8Array): void => {
      if (state === "up") guard.stdin.write(encodeGuard(type, bytes));
    };
    const line: Line = {
      write: (bytes) => send("write", bytes),
      drive: (bytes) => send("drive", bytes),
      close() {
        state = "ended";
        guard.stdin.end();
        return exited.promise;
      },
    };
    const decoder = createFrameDecoder(GUARD_FORMAT);
    guard.stdout.on("data", (chunk: Buffer) =>
      decoder.push(chunk, ({ type, data }) => {
        if (type === "bytes" && state === "up") onBytes(data);
        if (type === "ended") end(textOf(data));
        if (type !== "opened" || state !== "dialling") return;
        state = "up";
        resolve(line);
      }),
    );
    guard.stdin.on("error", () => end(`${where}: the guard of the base does not listen`));
    guard.on("error", (error) => end(`${where}: the guard of the base could not be started: ${error.message}`));
    guard.on("exit", () => {
      end(`${where}: the guard of the base has ended`);
      exited.resolve();
    });
    return promise;
  };
}
