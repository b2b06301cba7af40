import { setTimeout as wait } from "node:timers/promises";
import { loadProfile } from "#agent/io/profile-file";
import { createMotionDevices, createOtherDevices, createToolDevices } from "#drivers/create-devices";
import type {
  BatterySample,
  Driver,
  Fix,
  Health,
  ImuSample,
  InputSample,
  Odometry,
  Scan,
  Source,
} from "#drivers/driver";
import { nodeLines } from "#drivers/serial/node-lines";
import { AgentError, messageOf } from "#lib/errors";
import { createSystemClock } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";
import { Unmet } from "../exit.ts";

export interface ProbeOptions {
  readonly seconds: number;
  readonly json?: boolean;
}

type Sample = Odometry | Scan | Fix | BatterySample | ImuSample | InputSample;
type Device = Driver & Partial<Source<Sample>>;

/** What a device said while it was listened to. */
interface Reading {
  readonly part: string;
  readonly driver: string;
  readonly state: Health["state"];
  readonly reason?: string;
  readonly framesPerSecond: number;
  readonly ageMs?: number;
  readonly garbageBytes: number;
  readonly value?: string;
}

/** Opens each device of a profile and listens; nothing is enabled, so nothing moves. Rejects `Unmet` when one is not well. */
export async function probe(file: string, { seconds, json }: ProbeOptions): Promise<void> {
  const { drivers } = loadProfile(file);
  if (drivers.kind !== "devices") {
    throw new AgentError("config.invalid", `${file}: drivers.kind is ${drivers.kind}: there is no hardware to probe`);
  }
  const clock = createSystemClock();
  const deps = { clock, rng: createRng("probe"), lines: nodeLines };
  const made: Readonly<Record<string, Device | undefined>> = {
    ...createMotionDevices(drivers, deps),
    ...createToolDevices(drivers, deps),
    ...createOtherDevices(drivers, deps),
  };
  const devices = Object.entries(made).flatMap(([part, device]) => (device ? [[part, device] as const] : []));
  await using parts = new AsyncDisposableStack();
  for (const [, device] of devices) parts.use(device);
  const failures = new Map<string, string>();
  await Promise.all(
    devices.map(([part, device]) => device.open().catch((thrown) => failures.set(part, reasonOf(thrown)))),
  );

  let readings: Reading[] = [];
  let before = framesOf(devices);
  for (let second = 1; second <= seconds; second++) {
    await wait(1000);
    const frames = framesOf(devices);
    readings = devices.map(([part, device]) =>
      readingOf(part, device, frames.get(part)! - before.get(part)!, clock.nowMs(), failures.get(part)),
    );
    before = frames;
    if (!json) print(second, readings);
  }
  if (json) process.stdout.write(`${JSON.stringify({ profile: file, devices: readings })}\n`);
  const unwell = readings.filter(({ state }) => state !== "ok");
  if (unwell.length > 0)
    throw new Unmet(unwell.map(({ part, reason }) => `${part}: ${reason ?? "not well"}`).join("\n"));
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof AgentError)) throw thrown;
  return messageOf(thrown);
}

function framesOf(devices: readonly (readonly [string, Device])[]): Map<string, number> {
  return new Map(devices.map(([part, device]) => [part, device.health().counters?.["frames"] ?? 0]));
}

function readingOf(part: string, device: Device, frames: number, nowMs: number, failure: string | undefined): Reading {
  const { state, reason = failure, counters } = device.health();
  const sample = device.latest?.();
  return {
    part,
    driver: device.name,
    state,
    framesPerSecond: frames,
    garbageBytes: counters?.["garbageBytes"] ?? 0,
    ...((failure ?? reason) ? { reason: failure ?? reason! } : {}),
    ...(sample ? { ageMs: Math.round(nowMs - sample.atMs), value: valueOf(sample) } : {}),
  };
}

function print(second: number, readings: readonly Reading[]): void {
  process.stdout.write(`after ${second} s\n`);
  for (const { part, driver, state, framesPerSecond, ageMs, garbageBytes, value, reason } of readings) {
    const rate = `${framesPerSecond} frames/s`.padEnd(13);
    const age = ageMs === undefined ? "" : `, ${ageMs} ms old`;
    const noise = garbageBytes === 0 ? "" : `, ${garbageBytes} bytes of garbage`;
    process.stdout.write(
      `  ${part.padEnd(9)} ${driver.padEnd(15)} ${state.padEnd(9)} ${rate} ${reason ?? value ?? "silent"}${age}${noise}\n`,
    );
  }
}

/** A sample in one line for people. */
function valueOf(sample: Sample): string {
  if ("ranges" in sample) {
    const seen = sample.ranges.filter((range) => Number.isFinite(range));
    const nearest = seen.length === 0 ? "nothing in range" : `nearest ${Math.min(...seen).toFixed(2)} m`;
    return `${seen.length} of ${sample.ranges.length} rays see something, ${nearest}`;
  }
  if ("charge" in sample) return `${Math.round(sample.charge * 100)} %${sample.isCharging ? ", charging" : ""}`;
  if ("inputs" in sample)
    return Object.entries(sample.inputs)
      .map(([name, isOn]) => `${name} ${isOn ? "on" : "off"}`)
      .join(", ");
  if ("roll" in sample) return `yaw ${angle(sample.yaw)}, pitch ${angle(sample.pitch)}, roll ${angle(sample.roll)}`;
  const { x, y, yaw } = sample.pose;
  return `at ${x.toFixed(2)}, ${y.toFixed(2)} m, yaw ${angle(yaw)}`;
}

function angle(radians: number): string {
  return `${radians.toFixed(3)} rad`;
}
