import { z } from "zod";
import { JournalBatch, Presence, ReplanRequest, Reply, Telemetry } from "#contract/messages";
import { filterOf, parseTopic, type TopicName } from "#contract/topics";
import { parseBoundedJson } from "#lib/bounded-json";
import type { Message } from "#lib/transport";
import { settleCommand } from "./commands.ts";
import { trackTelemetry } from "./core/track.ts";
import type { CloudContext } from "./context.ts";
import { notify, type Device } from "./fleet.ts";
import type { Ingest } from "./ingest.ts";
import type { Liveness } from "./liveness.ts";
import { answerReplanRequest } from "./replan.ts";
import { settle } from "./settle.ts";
import { changeOf, commitChange } from "./status-change.ts";
import type { Reception } from "./thing-io/reception.ts";

/** The topics that the cloud listens to. */
export function inboundFilters(site: string): string[] {
  return (["presence", "reply", "journal", "telemetry", "replan-request"] as const).map((name) => filterOf(site, name));
}

export interface InboundParts {
  readonly ingest: Ingest;
  readonly liveness: Liveness;
  /** Without it, telemetry only shows where a device is. */
  readonly reception: Reception | undefined;
}

/** Takes messages from the broker: parsed here, then handled in the turn of their device. */
export function createInbound(context: CloudContext, parts: InboundParts): (message: Message) => void {
  const log = context.log.child({ module: "inbound" });
  return (message) => {
    const topic = parseTopic(message.topic);
    const read = topic && topic.site === context.config.site ? parse(topic.name, message.payload) : undefined;
    if (!topic || !read) {
      log.warn({ topic: message.topic }, "message not understood");
      return;
    }
    if ("deviceId" in read.body && read.body.deviceId !== topic.deviceId) {
      log.warn({ topic: message.topic, deviceId: read.body.deviceId }, "message names another device than its topic");
      return;
    }
    const device = context.fleet.ensure(topic.deviceId);
    context.background(topic.name, () => device.turns(() => handle(context, parts, device, read, message.retain)));
  };
}

type Inbound =
  | { readonly name: "presence"; readonly body: Presence }
  | { readonly name: "reply"; readonly body: Reply }
  | { readonly name: "journal"; readonly body: JournalBatch }
  | { readonly name: "telemetry"; readonly body: Telemetry }
  | { readonly name: "replan-request"; readonly body: ReplanRequest };

const SCHEMAS: { readonly [Name in TopicName]?: z.ZodType } = {
  presence: Presence,
  reply: Reply,
  journal: JournalBatch,
  telemetry: Telemetry,
  "replan-request": ReplanRequest,
};

function parse(name: TopicName, payload: string): Inbound | undefined {
  const body = (SCHEMAS[name] ?? z.never()).safeParse(parseBoundedJson(payload, MESSAGE_LENGTH_MAX));
  return body.success ? ({ name, body: body.data } as Inbound) : undefined;
}

/** A batch of the journal has at most 64 kB, a block of telemetry 400 kB of text. */
const MESSAGE_LENGTH_MAX = 2_000_000;

async function handle(
  context: CloudContext,
  parts: InboundParts,
  device: Device,
  inbound: Inbound,
  isRetained: boolean,
): Promise<void> {
  const { liveness, ingest } = parts;
  switch (inbound.name) {
    case "presence":
      await liveness.presence(device, inbound.body, isRetained);
      break;
    case "reply":
      liveness.heard(device);
      await takeReply(context, device, inbound.body);
      break;
    case "journal":
      liveness.heard(device);
      await ingest.take(device, inbound.body);
      break;
    case "replan-request":
      liveness.heard(device);
      answerReplanRequest(context, device, inbound.body);
      return;
    case "telemetry":
      liveness.heard(device);
      if (parts.reception) parts.reception.take(device, inbound.body);
      else device.track = trackTelemetry(device.track, inbound.body.batches, context.clock.wallMs());
      return;
  }
  await settle(context, device);
}

/** The answer to a command, or to a contract: `<contractId>/<revision>`. A repeated answer changes nothing. */
async function takeReply(context: CloudContext, device: Device, reply: Reply): Promise<void> {
  if (await settleCommand(context, device, reply)) return;
  const { contract } = device;
  if (!contract || reply.inReplyTo !== `${contract.contractId}/${contract.revision}`) return;
  const { reason, problems } = reply;
  const change =
    reply.result === "refused"
      ? changeOf(contract, "contract.rejected", { reason: reason ?? "invalid", problems })
      : changeOf(contract, "contract.accepted");
  if (!change) return;
  await commitChange(context, device, change);
  if (change.to === "accepted") device.leaseCountedMs = context.clock.nowMs();
  notify(device);
}
