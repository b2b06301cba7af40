import type { ServerResponse } from "node:http";
import { repeat, timestamp, type Clock } from "#lib/clock";
import type { Execution } from "../execution.ts";
import { present } from "../present.ts";
import type { DeviceView } from "../views.ts";

/** How often a reader is told what has changed, in milliseconds. */
const EVERY_MS = 1000;
/** A reader that takes less than it is sent is cut off at this; it comes back and begins with the whole fleet. */
const BUFFER_BYTES_MAX = 4_000_000;

/**
 * A device as the map shows it: metres and radians in the frame of its map, shares from 0 to 1. A device that is live stands where
 * it was seen and has no `sigma`; any other stands where it should be, `sigma` metres uncertain.
 */
export interface FleetMark {
  readonly id: string;
  readonly mode: DeviceView["mode"];
  readonly mapId?: string;
  readonly x?: number;
  readonly y?: number;
  readonly yaw?: number;
  readonly sigma?: number;
  readonly battery?: number;
  readonly batterySigma?: number;
  /** When it was last seen, RFC 3339; absent before it ever was. */
  readonly seenAt?: string;
  readonly contract?: {
    readonly contractId: string;
    readonly name?: string;
    readonly taskId?: string;
    readonly status: string;
    readonly stageId?: string;
    readonly progress: number;
  };
}

/** What a reader is told: `whole` before anything else, afterwards what has changed since. */
export interface FleetNews {
  readonly at: string;
  readonly whole: boolean;
  readonly devices: readonly FleetMark[];
  /** Devices that are not shown any more. */
  readonly gone: readonly string[];
}

/**
 * Writes the fleet as server-sent events until the reader leaves: all of it first, then every second what is new. Resolves when
 * the connection has ended.
 */
export async function streamFleet(
  execution: Pick<Execution, "listDevices">,
  clock: Clock,
  response: ServerResponse,
): Promise<void> {
  const closed = new Promise<void>((resolve) => response.once("close", resolve));
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  let told: ReadonlyMap<string, string> | undefined;
  const tell = (): void => {
    const marks = execution.listDevices().map(markOf);
    const now = new Map(marks.map((mark) => [mark.id, JSON.stringify(mark)]));
    const before = told;
    const news: FleetNews = {
      at: timestamp(clock.wallMs()),
      whole: before === undefined,
      devices: marks.filter(({ id }) => before?.get(id) !== now.get(id)),
      gone: [...(before?.keys() ?? [])].filter((id) => !now.has(id)),
    };
    told = now;
    response.write(`event: fleet\ndata: ${JSON.stringify(news)}\n\n`);
    if (response.writableLength > BUFFER_BYTES_MAX) response.destroy();
  };
  tell();
  const stop = repeat(clock, EVERY_MS, tell);
  await closed;
  stop();
}

/** Rounded to what can be seen, so that a device that stands still is no news. */
export function markOf(device: DeviceView): FleetMark {
  const { deviceId, mode, mapId, pose, battery, at, ageSeconds, activeContract } = device;
  const [x, y, yaw] = pose?.value ?? [];
  const isSeen = pose !== undefined || battery !== undefined;
  const isSure = mode === "live";
  return {
    id: deviceId,
    mode,
    ...present({
      mapId,
      x: rounded(x, 100),
      y: rounded(y, 100),
      yaw: rounded(yaw, 100),
      sigma: isSure ? undefined : rounded(pose?.sigma, 100),
      battery: rounded(battery?.value, 1000),
      batterySigma: isSure ? undefined : rounded(battery?.sigma, 1000),
      seenAt: isSeen ? timestamp(Math.round((Date.parse(at) - ageSeconds * 1000) / 1000) * 1000) : undefined,
      contract: activeContract ? contractOf(activeContract) : undefined,
    }),
  };
}

function contractOf(active: NonNullable<DeviceView["activeContract"]>): NonNullable<FleetMark["contract"]> {
  const { contractId, name, taskId, status, stageId, progress } = active;
  return present({ contractId, name, taskId, status, stageId, progress: rounded(progress.value, 100)! });
}

function rounded(value: number | undefined, perUnit: number): number | undefined {
  return value === undefined ? undefined : Math.round(value * perUnit) / perUnit;
}
