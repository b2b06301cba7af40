import { beforeEach, describe, expect, it } from "vitest";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { answerer } from "../bench/emulated-devices.ts";
import { createMemoryLines } from "../bench/memory-lines.ts";
import type { DigitalIo } from "../driver.ts";
import { viewOf } from "../framing/bytes.ts";
import { encodeModbus, MODBUS_REQUEST_FORMAT } from "./codec.ts";
import { createModbusIo } from "./driver.ts";
import { ModbusIoOptions } from "./options.ts";

/** modbus-serial answers through promises of its own. */
const turns = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

let clock: VirtualClock;
let coils: Map<number, boolean>;
let board: DigitalIo;

/** A board with two inputs, at 4 and 6, of which the second is on. */
beforeEach(async () => {
  clock = new VirtualClock({ nowMs: 1000 });
  coils = new Map([
    [0, true],
    [3, true],
  ]);
  const device = answerer(MODBUS_REQUEST_FORMAT, ({ unit, functionCode, data }, send) => {
    if (functionCode === 2) send(encodeModbus({ unit, functionCode, data: Uint8Array.of(1, 0b100) }));
    if (functionCode !== 5) return;
    coils.set(viewOf(data).getUint16(0), data[2] === 0xff);
    send(encodeModbus({ unit, functionCode, data }));
  });
  const options = ModbusIoOptions.parse({
    driver: "modbus-io",
    path: "/dev/serial/by-id/board",
    outputs: { brush: 0, pump: 3 },
    inputs: { "lift-up": 4, "safety-relay": 6 },
  });
  board = createModbusIo(options, { clock, rng: createRng(1), lines: createMemoryLines(device).lines });
  const opening = board.open();
  for (let step = 0; step < 20; step++) {
    await clock.advance(20);
    await turns();
  }
  await opening;
});

async function settled<Value>(promise: PromiseLike<Value>): Promise<Value> {
  for (let turn = 0; turn < 10; turn++) await turns();
  return promise;
}

describe("a Modbus board", () => {
  it("reads its inputs by name, with the time of the answer", async () => {
    expect(board.latest()).toEqual({
      atMs: expect.any(Number) as number,
      inputs: { "lift-up": false, "safety-relay": true },
    });
    expect(board.health().state).toBe("ok");
  });

  it("switches nothing before it is enabled, and everything off when it is", async () => {
    await expect(board.set("brush", true)).rejects.toMatchObject({ code: "driver.failed" });
    expect(coils.get(0)).toBe(true);
    await settled(board.enable());
    expect([...coils.values()]).toEqual([false, false]);
  });

  it("switches outputs by name and off when it is disposed", async () => {
    await settled(board.enable());
    await settled(board.set("pump", true));
    expect([...coils]).toEqual([
      [0, false],
      [3, true],
    ]);
    await settled(board[Symbol.asyncDispose]());
    expect(coils.get(3)).toBe(false);
  });

  it("knows no way to set what is an input", async () => {
    await settled(board.enable());
    await expect(board.set("safety-relay", true)).rejects.toMatchObject({
      message: "modbus: there is no output safety-relay",
    });
  });
});
