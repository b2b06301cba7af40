import { describe, expect, it } from "vitest";
import { z } from "zod";
import { DeviceCommand, DeviceMessage } from "./channel.ts";
import { decodeLine, parseAddress } from "./line-socket.ts";

const line = (message: DeviceMessage): string => JSON.stringify(z.encode(DeviceMessage, message));

describe("the line protocol of devices", () => {
  it("keeps ranges, also those that are no number", () => {
    const ranges = Float32Array.from([0.5, Infinity, NaN, 11.25]);
    const scan = { type: "scan", atMs: 12.5, angleMin: -1, angleStep: 0.5, rangeMax: 12, ranges } as const;
    expect(decodeLine(DeviceMessage, line(scan))).toEqual(scan);
  });

  it("carries a scan of 360 rays in less than 2.2 kB", () => {
    const ranges = new Float32Array(360).fill(Math.PI);
    expect(line({ type: "scan", atMs: 1, angleMin: -1, angleStep: 0.5, rangeMax: 12, ranges }).length).toBeLessThan(
      2200,
    );
  });

  it("leaves out what is not known", () => {
    const held: DeviceMessage = { type: "holding", requestId: 1 };
    expect(decodeLine(DeviceMessage, line(held))).toEqual(held);
  });

  it.each([
    ["no JSON", "}{"],
    ["an unknown type", JSON.stringify({ type: "explode" })],
    ["a speed that is no number", JSON.stringify({ type: "drive", linear: null, angular: 0, validForMs: 100 })],
    ["a pick of nothing", JSON.stringify({ type: "pick", requestId: 1, key: "a", sku: "s", quantity: 0, from: "x" })],
  ])("takes no command from %s", (_, text) => {
    expect(decodeLine(DeviceCommand, text)).toBeUndefined();
  });
});

describe("an address", () => {
  it.each([
    ["127.0.0.1:4710", { host: "127.0.0.1", port: 4710 }],
    ["localhost:0", { host: "localhost", port: 0 }],
    ["/run/holdfast/world.sock", { path: "/run/holdfast/world.sock" }],
    ["./world.sock", { path: "./world.sock" }],
    ["world:x", { path: "world:x" }],
  ])("%s is understood", (address, parts) => {
    expect(parseAddress(address)).toEqual(parts);
  });
});
