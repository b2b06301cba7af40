import type { z } from "zod";
import { JournalBatch, Presence, ReplanRequest, Reply, Telemetry } from "#contract/messages";
import { filterOf, parseTopic } from "#contract/topics";
import { parseBoundedJson } from "#lib/bounded-json";
import type { Message } from "#lib/transport";
import { createAdmission, HEARD_TOPICS, type HeardTopic } from "./admission.ts";
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
  return HEARD_TOPICS.map((name) => filterOf(site, name));
}

export interface InboundParts {
  readonly ingest: Ingest;
  readonly liveness: Liveness;
  /** Without it, telemetry only shows where a device is. */
  readonly reception: Reception | undefined;
}

/** Takes messages from the broker: let in, parsed here, then handled in the turn of their device. */
export function createInbound(context: CloudContext, parts: InboundParts): (message: Message) => void {
  const { clock, fleet, config } = context;
  const admission = createAdmission({ clock, log: context.log.child({ module: "inbound" }) });
  return ({ topic: path, payload, retain }) => {
    const topic = parseTopic(path);
    const name = HEARD_TOPICS.find((heard) => heard === topic?.name);
    if (!topic || topic.site !== config.site || name === undefined) return;
    const { deviceId } = topic;
    if (!admission.admits(deviceId, name, payload)) return;
    const read = parse(name, payload);
    if (!read) return admission.refuse(deviceId, `not understood on "${name}"`);
    if ("deviceId" in read.body && read.body.deviceId !== deviceId) {
      return admission.refuse(deviceId, `of another device than their topic names on "${name}"`);
    }
    if (!fleet.get(deviceId) && isAnswer(name)) return admission.refuse(deviceId, "from devices that were never heard");
    const device = fleet.ensure(deviceId);
    context.background(name, () => device.turns(() => handle(context, parts, device, read, retain)));
  };
}

/** Says nothing but to who has asked: nobody is known by it. */
function isAnswer(name: HeardTopic): boolean {
  return name === "reply" || name === "replan-request";
}

type Inbound =
  | { readonly name: "presence"; readonly body: Presence }
  | { readonly name: "reply"; readonly body: Reply }
  | { readonly name: "journal"; readonly body: JournalBatch }
  | { readonly name: "telemetry"; readonly body: Telemetry }
  | { readonly name: "replan-request"; readonly body: ReplanRequest };

const SCHEMAS: Readonly<Record<HeardTopic, z.ZodType>> = {
  presence: Presence,
  reply: Reply,
  journal: JournalBatch,
  telemetry: Telemetry,
  "replan-request": ReplanRequest,
};

function parse(name: HeardTopic, payload: string): Inbound | undefined {
  const body = SCHEMAS[name].safeParse(parseBoundedJson(payload, payload.length));
  return body.success ? ({ name, body: body.data } as Inbound) : undefined;
}

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
