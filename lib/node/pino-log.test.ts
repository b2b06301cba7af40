import { describe, expect, it } from "vitest";
import { VirtualClock } from "../virtual-clock.ts";
import { createPinoLog } from "./pino-log.ts";

function capture(): { lines: Record<string, unknown>[]; destination: { write: (text: string) => void } } {
  const lines: Record<string, unknown>[] = [];
  return { lines, destination: { write: (text) => void lines.push(JSON.parse(text) as Record<string, unknown>) } };
}

describe("createPinoLog", () => {
  it("writes JSON stamped by the injected clock", async () => {
    const clock = new VirtualClock();
    const { lines, destination } = capture();
    const log = createPinoLog(clock, { destination });
    await clock.advance(1500);
    log.child({ module: "link" }).info({ from: "offline", to: "online" }, "link state changed");
    expect(lines).toEqual([
      {
        level: "info",
        at: "2026-01-05T08:00:01.500Z",
        monoMs: 1500,
        module: "link",
        from: "offline",
        to: "online",
        msg: "link state changed",
      },
    ]);
  });

  it.each(["password", "pin", "token", "privateKey", "authorization"])(
    "never writes a %s, at the top or one below",
    (name) => {
      const { lines, destination } = capture();
      const log = createPinoLog(new VirtualClock(), { destination });
      log.info({ [name]: "hunter2", broker: { [name]: "hunter2", url: "mqtt://h" } }, "connecting");
      log.child({ [name]: "hunter2" }).info({}, "bound");
      expect(JSON.stringify(lines)).not.toContain("hunter2");
      expect(lines[0]).toMatchObject({ [name]: "[redacted]", broker: { url: "mqtt://h" } });
    },
  );

  it("never writes the private part of a key", () => {
    const { lines, destination } = capture();
    createPinoLog(new VirtualClock(), { destination }).info({ key: { kty: "OKP", d: "secret-part" } }, "key loaded");
    expect(JSON.stringify(lines)).not.toContain("secret-part");
  });

  it("keeps errors with their cause", () => {
    const { lines, destination } = capture();
    const err = new Error("outer", { cause: new Error("inner") });
    createPinoLog(new VirtualClock(), { destination }).error({ err }, "failed");
    expect(JSON.stringify(lines[0])).toContain("outer: inner");
  });
});
