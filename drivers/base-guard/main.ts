import { messageOf } from "#lib/errors";
import { bytesFromHex, bytesOf } from "../framing/bytes.ts";
import { createFrameDecoder } from "../framing/frame-decoder.ts";
import type { Dial, Line } from "../line.ts";
import { encodeGuard, GUARD_FORMAT, GUARD_MS, type GuardMessage, type GuardSettings } from "./protocol.ts";

/**
 * Owns the line to a base that would go on driving without us. Stops it when no speed followed the last one in time,
 * and when the pipe from the agent ends, which it does however the agent died.
 */
async function main(): Promise<void> {
  const { address, stop } = JSON.parse(process.argv[2]!) as GuardSettings;
  const stopBytes = bytesFromHex(stop);
  let line: Line | undefined;
  let watchdog: NodeJS.Timeout | undefined;

  // Whoever ends the agent ends the pipe; a signal to the whole group must not take the guard before.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  process.stdout.on("error", () => undefined);

  function brake(): void {
    // Twice: the first may complete a command that was cut off by the death of its sender.
    line?.write(stopBytes);
    line?.write(stopBytes);
  }
  async function end(): Promise<void> {
    clearTimeout(watchdog);
    brake();
    await line?.close();
    process.exit(0);
  }
  function obey({ type, data }: GuardMessage): void {
    if (type === "write") line?.write(data);
    if (type !== "drive") return;
    line?.drive(data);
    clearTimeout(watchdog);
    watchdog = setTimeout(brake, GUARD_MS);
  }
  function leave(reason: string): void {
    process.stdout.write(encodeGuard("ended", bytesOf(reason)), () => process.exit(1));
  }

  const decoder = createFrameDecoder(GUARD_FORMAT);
  process.stdin.on("data", (chunk: Buffer) => decoder.push(chunk, obey));
  process.stdin.on("end", () => void end());
  process.stdin.on("error", () => void end());
  try {
    const dial = await dialOf(address);
    line = await dial({
      onBytes: (chunk) => process.stdout.write(encodeGuard("bytes", chunk)),
      onEnd: leave,
    });
    process.stdout.write(encodeGuard("opened"));
  } catch (thrown) {
    leave(messageOf(thrown));
  }
}

/** Each kind of line has a library of its own; the guard is to be there soon. */
async function dialOf(address: GuardSettings["address"]): Promise<Dial> {
  if ("url" in address) return (await import("../ros-bridge/socket-line.ts")).dialSocket(address.url);
  return (await import("../serial/serial-line.ts")).dialSerial(address);
}

await main();
