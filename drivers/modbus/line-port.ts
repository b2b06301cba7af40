import { EventEmitter } from "node:events";
import type { Line } from "../line.ts";
import { encodeModbus, type ModbusFrame } from "./codec.ts";

/** The port that modbus-serial talks to, over one of our lines: they stay supervised, and our codec cuts the answers out. */
export class LinePort extends EventEmitter {
  readonly #line: () => Line | undefined;

  constructor(line: () => Line | undefined) {
    super();
    this.#line = line;
  }

  get isOpen(): boolean {
    return this.#line() !== undefined;
  }

  /** Lines are opened by their driver. */
  open(callback: (error?: Error) => void): void {
    callback();
  }

  close(callback: (error?: Error) => void): void {
    callback();
  }

  write(bytes: Buffer): void {
    this.#line()?.write(bytes);
  }

  /** Hands an answer to modbus-serial. */
  receive(frame: ModbusFrame): void {
    this.emit("data", Buffer.from(encodeModbus(frame)));
  }
}
