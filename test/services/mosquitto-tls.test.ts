import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentLog } from "#lib/log";
import { createMqttTransport } from "#lib/node/mqtt-transport";
import type { Connection, ConnectOptions, Message } from "#lib/transport";
import { Inbox } from "../conformance/inbox.ts";
import { MOSQUITTO } from "./mosquitto-process.ts";
import { startSecureMosquitto, type SecureMosquitto } from "./secure-mosquitto.ts";

const OWN = "hf/v1/site-1/amr-07";
const FOREIGN = "hf/v1/site-1/amr-08";

describe.skipIf(MOSQUITTO === undefined)("the Mosquitto of deploy/mosquitto", () => {
  let broker: SecureMosquitto;
  const opened: Connection[] = [];
  beforeAll(async () => {
    broker = await startSecureMosquitto(["amr-07", "amr-08", "holdfast-cloud"]);
  });
  afterAll(async () => {
    for (const connection of opened) await connection.close();
    await broker[Symbol.asyncDispose]();
  });

  async function open(
    name: string,
    options: Partial<ConnectOptions> = {},
  ): Promise<{ connection: Connection; inbox: Inbox }> {
    const inbox = new Inbox();
    const transport = createMqttTransport(broker.access(name), { log: silentLog });
    const connection = await transport.connect({ clientId: `rig-${name}`, keepAliveSeconds: 15, ...options }, inbox);
    opened.push(connection);
    return { connection, inbox };
  }

  test("speaks MQTT 5 with a device over TLS", async () => {
    const { connection } = await open("amr-07");
    expect(connection.route).toBe(`mqtts://localhost:${broker.port}, MQTT 5`);
  });

  test("carries what device and cloud have to say to each other", async () => {
    const [cloud, device] = [await open("holdfast-cloud"), await open("amr-07")];
    await cloud.connection.subscribe(["presence", "journal", "reply", "telemetry"].map((name) => `hf/v1/+/+/${name}`));
    await device.connection.subscribe(["contract", "command", "ack", "presence"].map((name) => `${OWN}/${name}`));
    for (const name of ["journal", "reply", "telemetry"]) await device.connection.publish(message(`${OWN}/${name}`));
    for (const name of ["contract", "command", "ack"]) await cloud.connection.publish(message(`${OWN}/${name}`));
    await Promise.all([cloud.inbox.count(3), device.inbox.count(3)]);
    expect(cloud.inbox.topics()).toEqual([`${OWN}/journal`, `${OWN}/reply`, `${OWN}/telemetry`]);
    expect(device.inbox.topics()).toEqual([`${OWN}/contract`, `${OWN}/command`, `${OWN}/ack`]);
  });

  test.each([
    `${FOREIGN}/presence`,
    `${FOREIGN}/journal`,
    `${OWN}/ack`,
    `${OWN}/command`,
    "hf/v1/site-1/amr-07",
    "other",
  ])("refuses a device that publishes to %s", async (topic) => {
    const { connection } = await open("amr-07", { username: "amr-08" });
    await expect(connection.publish(message(topic))).rejects.toMatchObject({
      code: "transport.refused",
      message: expect.stringContaining("Not authorized") as string,
    });
  });

  test("lets a device hear nothing of another one, whatever it subscribes to", async () => {
    const [cloud, device, other] = [await open("holdfast-cloud"), await open("amr-07"), await open("amr-08")];
    await device.connection.subscribe(["#", "hf/v1/+/+/command", `${FOREIGN}/#`, `${OWN}/ack`]);
    await cloud.connection.publish(message(`${FOREIGN}/command`));
    await cloud.connection.publish(message(`${FOREIGN}/ack`));
    await other.connection.publish(message(`${FOREIGN}/presence`));
    await cloud.connection.publish(message(`${OWN}/ack`, "end"));
    await device.inbox.has(({ payload }) => payload === "end");
    expect(new Set(device.inbox.topics())).toEqual(new Set([`${OWN}/ack`]));
  });

  test("does not let one device take over another one's connection", async () => {
    const victim = await open("amr-07", { clientId: "hf-site-1-amr-07" });
    await open("amr-08", { clientId: "hf-site-1-amr-07" });
    await victim.connection.publish(message(`${OWN}/reply`));
    expect(victim.inbox.reasons).toEqual([]);
  });

  test("takes no packet of more than 6 MiB, which the client knows before it sends one", async () => {
    const { connection, inbox } = await open("amr-07");
    await expect(connection.publish(message(`${OWN}/journal`, "x".repeat(6_300_000)))).rejects.toMatchObject({
      code: "transport.refused",
      message: expect.stringContaining("at most 6291456 bytes") as string,
    });
    expect(inbox.reasons).toEqual([]);
  });

  test("hangs up on a client without a certificate, which reads why", async () => {
    const transport = createMqttTransport(
      { url: `mqtts://localhost:${broker.port}`, tls: { ca: broker.ca } },
      { log: silentLog },
    );
    const connecting = transport.connect({ clientId: "nobody", keepAliveSeconds: 15 }, new Inbox());
    await expect(connecting).rejects.toThrow(/client certificate|device's certificate/);
  });
});

function message(topic: string, payload = "x"): Message {
  return { topic, payload, qos: 1, retain: false };
}
