import { z } from "zod";
import type { Cancel, Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Scanner } from "../driver.ts";
import { createLineDevice } from "../line-device.ts";
import { bytesOf } from "../framing/bytes.ts";
import type { Dial, DriverDeps } from "../line.ts";
import { baudRate, DevicePath } from "../options.ts";
import { readCode, type ReadCode } from "./code.ts";
import { LINE_FORMAT } from "./codec.ts";

/** A scanner that sends what it reads as a line, on USB-COM or RS-232. */
export const ScannerOptions = z.strictObject({
  driver: z.literal("serial-scanner"),
  path: DevicePath,
  baudRate: baudRate(9600),
  trigger: z.string().max(20).default("").meta({
    description: "what makes the scanner look, such as \\x16T\\r for Honeywell; nothing for one that always looks",
  }),
});
export type ScannerOptions = z.infer<typeof ScannerOptions>;

/** Silence that ends a code which the scanner ends by nothing. */
const GAP_MS = 50;
/** What was read so shortly before it was asked for still stands in front of the scanner. */
const FRESH_MS = 2000;

/** The driver of the scanner. Codes with wrong check digits are misread: they are counted, not given. */
export function createScanner(options: ScannerOptions, { clock, rng, lines }: DriverDeps): Scanner {
  let newest: { readonly code: ReadCode; readonly atMs: number } | undefined;
  const waiting = new Set<(code: ReadCode) => void>();
  const device = createLineDevice({
    name: "serial-scanner",
    clock,
    rng,
    dial: endingAtGaps(lines.serial({ path: options.path, baudRate: options.baudRate }), clock),
    format: () => LINE_FORMAT,
    silentMs: Infinity,
    onFrame(line, atMs) {
      const read = readCode(line);
      if (!read.ok) return device.countError();
      newest = { code: read.code, atMs };
      for (const give of waiting) give(read.code);
    },
  });

  async function nextCode(timeoutMs: number): Promise<ReadCode> {
    const { promise, resolve, reject } = Promise.withResolvers<ReadCode>();
    const stop: Cancel = clock.after(timeoutMs, () => {
      reject(new AgentError("driver.timeout", `no code came in ${timeoutMs} ms`, { retryable: true }));
    });
    waiting.add(resolve);
    try {
      return await promise;
    } finally {
      stop();
      waiting.delete(resolve);
    }
  }
  return {
    ...device,
    async scan(timeoutMs) {
      device.assertReachable();
      if (!device.isEnabled()) throw new AgentError("driver.failed", "the scanner is not enabled");
      if (newest && clock.nowMs() - newest.atMs <= FRESH_MS) return { code: newest.code.data };
      if (options.trigger !== "") device.line()?.write(bytesOf(options.trigger));
      return { code: (await nextCode(timeoutMs)).data };
    },
  };
}

/** A line that reads as if the scanner ended every code. */
function endingAtGaps(dial: Dial, clock: Clock): Dial {
  let stopWaiting: Cancel = () => undefined;
  return (events) =>
    dial({
      onEnd: (reason) => events.onEnd(reason),
      onBytes(chunk) {
        stopWaiting();
        events.onBytes(chunk);
        stopWaiting = clock.after(GAP_MS, () => events.onBytes(bytesOf("\r")));
      },
    });
}
