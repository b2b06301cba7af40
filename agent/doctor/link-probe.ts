import { lookup } from "node:dns/promises";
import { createConnection } from "node:net";
import { randomUUID } from "node:crypto";
import { AgentError, messageOf } from "#lib/errors";
import { silentLog } from "#lib/log";
import { parseBrokerUrl } from "#lib/node/mqtt-address";
import { createMqttTransport } from "#lib/node/mqtt-transport";
import { within } from "#lib/node/within";
import { topicOf } from "#contract/topics";
import type { AgentConfig } from "../config.ts";
import { fine, problem, type Finding } from "./finding.ts";
import { remedyOf } from "./judge.ts";

const WITHIN_MS = 5000;
const WHY = "the cloud knows nothing new of this robot, and no new contract comes";

/** Walks the way to the broker step by step: name, port, TLS and credentials, permissions. Ends at the first that fails. */
export async function probeLink(config: AgentConfig): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  try {
    const { host, port, isSecure } = parseBrokerUrl(config.broker.url);
    findings.push(await probeName(host));
    findings.push(await probePort(host, port));
    findings.push(...(await probeBroker(config, isSecure)));
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    findings.push(problem("link", thrown.message, WHY, remedyOf(thrown.code)));
  }
  return findings;
}

async function probeName(host: string): Promise<Finding> {
  try {
    const { address } = await lookup(host);
    return fine("link", address === host ? `${host} needs no DNS` : `${host} is ${address} (DNS)`);
  } catch (thrown) {
    throw new AgentError("transport.unreachable", `the name ${host} is not known to DNS: ${messageOf(thrown)}`);
  }
}

async function probePort(host: string, port: number): Promise<Finding> {
  const { promise, resolve, reject } = Promise.withResolvers<Finding>();
  const socket = createConnection({ host, port, timeout: WITHIN_MS });
  const fail = (reason: string): void =>
    reject(new AgentError("transport.unreachable", `nobody answers at ${host}:${port}: ${reason}`));
  socket.on("connect", () => resolve(fine("link", `${host}:${port} accepts connections (TCP)`)));
  socket.on("timeout", () => fail(`no answer in ${WITHIN_MS / 1000} s`));
  socket.on("error", (error) => fail(messageOf(error)));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

/** Under a client id of its own, so that the agent keeps its connection. */
async function probeBroker({ broker, site, deviceId }: AgentConfig, isSecure: boolean): Promise<readonly Finding[]> {
  const { fallbacks: _others, ...first } = broker;
  const transport = createMqttTransport(first, { log: silentLog });
  const { promise: heard, resolve } = Promise.withResolvers<void>();
  const probe = randomUUID();
  const connection = await transport.connect(
    { clientId: `${deviceId}-doctor-${probe.slice(0, 8)}`, keepAliveSeconds: 15, ...loginOf(broker, deviceId) },
    { onMessage: ({ payload }) => payload === probe && resolve(), onClose: () => undefined },
  );
  try {
    const how = isSecure ? "TLS and credentials are" : "the credentials are";
    const accepted = fine("link", `${how} accepted by ${connection.route ?? broker.url}`);
    return [accepted, await probeTopics(connection, topicOf(site, deviceId, "command"), probe, heard)];
  } finally {
    await connection.close();
  }
}

/** The user name is the `deviceId` unless given, as the agent has it. */
function loginOf({ username, password }: AgentConfig["broker"], deviceId: string) {
  return { username: username ?? deviceId, ...(password !== undefined && { password }) };
}

/** A word to ourselves, below our own root, where nobody else listens: it comes back only if both ways are allowed. */
async function probeTopics(
  connection: Awaited<ReturnType<ReturnType<typeof createMqttTransport>["connect"]>>,
  command: string,
  probe: string,
  heard: Promise<void>,
): Promise<Finding> {
  const topic = `${command.slice(0, command.lastIndexOf("/"))}/doctor`;
  let isHeard = false;
  const noted = heard.then(() => (isHeard = true));
  const trip = async (): Promise<void> => {
    await connection.subscribe([command, topic]);
    await connection.publish({ topic, payload: probe, qos: 1, retain: false });
    await noted;
  };
  await within(WITHIN_MS, trip());
  const root = `${topic.slice(0, topic.lastIndexOf("/"))}/#`;
  if (isHeard) return fine("link", `the broker lets this device write and read ${root}`);
  const remedy = `allow this user to write and read ${root} on the broker`;
  return problem("link", `what this device says below ${root} does not come back`, WHY, remedy);
}
