import type { Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import type { Transport } from "#lib/transport";
import type { FeedKeeper, TelemetrySource } from "#feed/source";
import type { Scalar } from "#feed/thingsboard/entries";
import type { FedRobots, RpcAnswer } from "#feed/thingsboard/rpc";
import type { ThingsBoardSink } from "#feed/thingsboard/settings";
import { startThingsBoardSink } from "#feed/thingsboard/sink";
import type { Execution } from "./execution.ts";
import { PROBLEM_URN, type ProblemDocument } from "./problem.ts";
import type { TelemetryArchive } from "./thing-io/archive.ts";
import { batchesIn } from "./thing-io/block-reading.ts";
import type { CommandView, DeviceView } from "./views.ts";

export interface ThingsBoardsDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly archive: TelemetryArchive;
  readonly keeper: FeedKeeper;
  readonly execution: Pick<Execution, "listDevices" | "getDevice" | "command">;
  /** How a ThingsBoard is reached. */
  readonly transport: (sink: ThingsBoardSink) => Transport;
}

/** Feeds every ThingsBoard with the telemetry that this cloud has archived, each from its own position. */
export async function startThingsBoards(
  sinks: readonly ThingsBoardSink[],
  deps: ThingsBoardsDeps,
): Promise<AsyncDisposable> {
  const { clock, log, archive, keeper, execution } = deps;
  const parts = { clock, rng: deps.rng.fork("thingsboards"), log, keeper };
  const source = sourceOf(archive);
  await using stack = new AsyncDisposableStack();
  for (const sink of sinks) {
    const robots = robotsOf(execution, sink.device);
    stack.use(await startThingsBoardSink(sink, { ...parts, source, robots, transport: deps.transport(sink) }));
  }
  return stack.move();
}

const LANE = "backfill";

function sourceOf(archive: TelemetryArchive): TelemetrySource {
  return {
    id: archive.id,
    read: async (position, limit) =>
      (await archive.after(position, LANE, limit)).map(({ position: here, block }) => ({
        position: here,
        deviceId: block.deviceId,
        batches: batchesIn(block),
      })),
    onMore: (listener) => archive.onPut(listener),
  };
}

function robotsOf(execution: ThingsBoardsDeps["execution"], only: string | undefined): FedRobots {
  const order = async (deviceId: string, type: CommandView["type"], words: object): Promise<RpcAnswer> => {
    const device = execution.getDevice(deviceId);
    const contractId = device.ok ? device.value.activeContract?.contractId : undefined;
    if (contractId === undefined) return { ok: false, reason: "idle", detail: `${deviceId} has no contract` };
    const answer = await execution.command(contractId, type, words);
    if (answer.ok) return { ...answer.value, ok: true };
    return refusal(answer.problem);
  };
  return {
    list: () => {
      const known = execution.listDevices().map(({ deviceId }) => deviceId);
      return only === undefined ? known : known.filter((deviceId) => deviceId === only);
    },
    attributes: (deviceId) => {
      const device = execution.getDevice(deviceId);
      return device.ok ? attributesOf(device.value) : {};
    },
    status: (deviceId) => {
      const device = execution.getDevice(deviceId);
      if (!device.ok) return refusal(device.problem);
      const { pose, battery } = device.value;
      return { ok: true, ...attributesOf(device.value), ...(pose && { pose }), ...(battery && { battery }) };
    },
    hold: (deviceId, holdId, reason) => order(deviceId, "hold", { holdId, ...(reason !== undefined && { reason }) }),
    resume: (deviceId, holdId) => order(deviceId, "resume", { holdId }),
  };
}

function refusal({ type, detail }: ProblemDocument): RpcAnswer {
  return { ok: false, reason: type.replace(PROBLEM_URN, ""), detail };
}

/** By the minute, so that a robot at rest does not cost a message with every look. */
const LAST_SEEN_LENGTH = "2026-01-05T08:00".length;

function attributesOf({ mode, lastHeardAt, activeContract, software }: DeviceView): Record<string, Scalar> {
  return {
    mode,
    ...(lastHeardAt !== null && { lastSeen: `${lastHeardAt.slice(0, LAST_SEEN_LENGTH)}Z` }),
    ...(software !== undefined && { software }),
    contractId: activeContract?.contractId ?? "",
    contractStatus: activeContract?.status ?? "idle",
  };
}
