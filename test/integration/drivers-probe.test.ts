import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emulatedJbd, emulatedLd19, emulatedLocaliser, emulatedRoomba } from "#drivers/bench/emulated-devices";
import type { EmulatedDevice } from "#drivers/bench/memory-lines";
import { createSystemClock } from "#lib/node/system-clock";
import { holdfast } from "./command-run.ts";
import { canOpenPtys, openPty } from "./pty.ts";

const SHIPPED = fileURLToPath(new URL("../../config/devices/amr-sim.yaml", import.meta.url));
const clock = createSystemClock();
const roomba = emulatedRoomba(clock);
let parts: AsyncDisposableStack | undefined;
let folder: string;
let paths: Record<"base" | "lidar" | "position" | "battery", string>;

/** The shipped profile with real devices. */
function writeProfile(name: string, base: object): string {
  const profile = parse(readFileSync(SHIPPED, "utf8")) as object;
  const drivers = {
    kind: "devices",
    base: { driver: "roomba", path: paths.base, ...base },
    lidar: { driver: "ld19", path: paths.lidar },
    position: { driver: "pose-line", path: paths.position },
    battery: { driver: "jbd", path: paths.battery },
  };
  const file = join(folder, name);
  writeFileSync(file, stringify({ ...profile, drivers }));
  return file;
}

beforeAll(async () => {
  if (!canOpenPtys) return;
  const opened = (parts = new AsyncDisposableStack());
  folder = mkdtempSync(join(tmpdir(), "holdfast-probe-"));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const plug = async (device: EmulatedDevice): Promise<string> => {
    const pty = opened.use(await openPty());
    pty.onBytes((bytes) => device.receive(bytes));
    opened.defer(device.connect((bytes) => pty.send(bytes)));
    return pty.path;
  };
  paths = {
    base: await plug(roomba),
    lidar: await plug(emulatedLd19(clock)),
    position: await plug(emulatedLocaliser(clock)),
    battery: await plug(emulatedJbd()),
  };
});
afterAll(() => parts?.disposeAsync());

describe.skipIf(!canOpenPtys)("holdfast drivers probe", () => {
  it("shows what every device says, and moves nothing", async () => {
    const { code, stdout } = await holdfast([
      "drivers",
      "probe",
      writeProfile("good.yaml", {}),
      "--seconds",
      "2",
      "--json",
    ]);
    const { devices } = JSON.parse(stdout) as {
      devices: { part: string; state: string; value: string; framesPerSecond: number }[];
    };
    expect(devices.map(({ part, state }) => [part, state])).toEqual([
      ["base", "ok"],
      ["lidar", "ok"],
      ["position", "ok"],
      ["battery", "ok"],
    ]);
    expect(devices[1]!.value).toContain("450 rays");
    expect(devices[1]!.framesPerSecond).toBeGreaterThan(100);
    expect(devices[3]!.value).toBe("75 %");
    expect(code).toBe(0);
    const modes = roomba.sent.filter(({ type }) => type === "safe" || type === "full");
    const moves = roomba.sent.filter((command) => command.type === "drive-direct" && command.left !== 0);
    expect([modes, moves]).toEqual([[], []]);
  });

  it("refuses a profile whose base nothing would stop", async () => {
    const { code, stderr } = await holdfast(["drivers", "probe", writeProfile("bad.yaml", { watchdog: "none" })]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/bad\.yaml:\d+: drivers\.base\.watchdog .*goes on at its last speed/);
  });

  it("exits 1 and names the device that is not there", async () => {
    const file = writeProfile("gone.yaml", {});
    writeFileSync(file, readFileSync(file, "utf8").replace(paths.battery, "/dev/holdfast-nothing"));
    const { code, stderr } = await holdfast(["drivers", "probe", file, "--seconds", "1"]);
    expect(code).toBe(1);
    expect(stderr).toContain("battery: /dev/holdfast-nothing");
  });
});
